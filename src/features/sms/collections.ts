import { textMessageCounts, textMessages } from './sms.model.ts';

/** All that the feature keeps, for migration and for the tests that walk the models. */
export const smsCollections = [textMessages, textMessageCounts] as const;
