import type { Outlets } from '../platform/queue/outlets.ts';
import type { auditParts } from './audit.ts';
import type { reportParts } from './reports.ts';
import type { smsParts } from './sms.ts';

type Needed = Pick<ReturnType<typeof auditParts>, 'recordAudit'> &
  Pick<ReturnType<typeof reportParts>, 'reports'> &
  Pick<ReturnType<typeof smsParts>, 'sms'>;

/** What features do for the queue service, which knows none of them. */
export function outletsOf({ recordAudit, reports, sms }: Needed): Outlets {
  return {
    sendSMS: (message, within) => sms().request(message, within),
    generateReport: (report, within) => reports().generate(report, within),
    audit: (record, within) => recordAudit()(record, within),
  };
}
