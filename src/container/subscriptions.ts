import { orderStatistics } from '../features/analytics/index.ts';
import { apiKeySubscriptions } from '../features/api-keys/index.ts';
import { auditSubscriptions } from '../features/audit/index.ts';
import { productSubscriptions } from '../features/catalog/index.ts';
import { identitySubscriptions } from '../features/identity/index.ts';
import { merchantSubscriptions } from '../features/merchants/index.ts';
import { orderSubscriptions } from '../features/orders/index.ts';
import { smsSubscriptions } from '../features/sms/index.ts';
import { reportSubscriptions } from '../features/reports/index.ts';
import { stockSubscriptions } from '../features/stock/index.ts';
import { mailSubscriptions } from '../platform/mail/mail.jobs.ts';
import { alsoFollowing, mergeSubscriptions } from '../platform/outbox/subscription.ts';
import { deadLetterSubscriptions } from '../platform/queue/dead-letter.events.ts';
import { scheduleSubscriptions } from '../platform/queue/schedule.ts';
import { contracts } from './contracts.ts';
import { schedules } from './schedules.ts';

const ofFeatures = mergeSubscriptions(
  mailSubscriptions,
  auditSubscriptions,
  scheduleSubscriptions(schedules),
  deadLetterSubscriptions(contracts),
  identitySubscriptions,
  merchantSubscriptions,
  apiKeySubscriptions,
  productSubscriptions,
  stockSubscriptions,
  orderSubscriptions,
  smsSubscriptions,
  reportSubscriptions,
);

/** What follows from each event, of all features; and that some are counted. */
export const subscriptions = alsoFollowing(ofFeatures, orderStatistics);
