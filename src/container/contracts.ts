import { rollEvents } from '../features/analytics/analytics.schedules.ts';
import { countOrder } from '../features/analytics/order.statistics.ts';
import { chainEntry } from '../features/audit/audit.events.ts';
import { sendAccountLetter } from '../features/identity/jobs.ts';
import { runTask } from '../features/maintenance/maintenance.jobs.ts';
import { sendInvitation } from '../features/merchants/jobs.ts';
import { refundPayment, sendCancellation, sendConfirmation } from '../features/orders/order.jobs.ts';
import { sendSms } from '../features/sms/sms.events.ts';
import { checkLowStock } from '../features/stock/low-stock.jobs.ts';
import { buildReport, sweepReports } from '../features/reports/report.jobs.ts';
import { sendMail } from '../platform/mail/mail.jobs.ts';
import { ingestAnalytics } from '../platform/queue/analytics.jobs.ts';
import type { JobContract } from '../platform/queue/job.ts';

/** Of every job that there is: what a dead letter must fit before it is done again. */
export const contracts: readonly JobContract[] = [
  buildReport,
  chainEntry,
  checkLowStock,
  countOrder,
  ingestAnalytics,
  refundPayment,
  rollEvents,
  runTask,
  sendAccountLetter,
  sendCancellation,
  sendConfirmation,
  sendInvitation,
  sendMail,
  sendSms,
  sweepReports,
];
