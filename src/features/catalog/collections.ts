import { productCollection } from './product.model.ts';

/** All that the feature keeps, for migration and for the tests that walk the models. */
export const catalogCollections = [productCollection] as const;
