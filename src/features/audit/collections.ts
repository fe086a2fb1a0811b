import { auditChains, auditEntries } from './audit.model.ts';

/** All that the feature keeps, for migration and for the tests that walk the models. */
export const auditCollections = [auditEntries, auditChains] as const;
