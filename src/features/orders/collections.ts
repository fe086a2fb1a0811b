import { orderCollection } from './order.model.ts';

/** All that the feature keeps, for migration and for the tests that walk the models. */
export const orderCollections = [orderCollection] as const;
