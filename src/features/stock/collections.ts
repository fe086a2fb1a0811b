import { locationCollection, stockCollection } from './stock.model.ts';

/** All that the feature keeps, for migration and for the tests that walk the models. */
export const stockCollections = [stockCollection, locationCollection] as const;
