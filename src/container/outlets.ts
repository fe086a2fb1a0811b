import type { Outlets } from '../platform/queue/outlets.ts';
import type { auditParts } from './audit.ts';
import type { smsParts } from './sms.ts';

type Needed = Pick<ReturnType<typeof auditParts>, 'recordAudit'> & Pick<ReturnType<typeof smsParts>, 'sms'>;

/** What features do for the queue service, which knows none of them. */
export function outletsOf({ recordAudit, sms }: Needed): Outlets {
  return {
    sendSMS: (message, within) => sms().request(message, within),
    generateReport: () => unavailable('reports'),
    audit: (record, within) => recordAudit()(record, within),
  };
}

const unavailable = (what: string): Promise<never> => Promise.reject(new Error(`This program has no part for ${what}`));
