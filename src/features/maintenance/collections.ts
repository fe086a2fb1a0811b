import { maintenanceRuns } from './maintenance.model.ts';

/** All that the feature keeps, for migration and for the tests that walk the models. */
export const maintenanceCollections = [maintenanceRuns] as const;
