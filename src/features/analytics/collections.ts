import { rollups, rollupState, trackedEvents, trends } from './analytics.model.ts';

/** All that the feature keeps, for migration and for the tests that walk the models. */
export const analyticsCollections = [trackedEvents, rollups, trends, rollupState] as const;
