import type { Outlets } from '../platform/queue/outlets.ts';
import type { auditParts } from './audit.ts';

/** What features do for the queue service, which knows none of them. */
export function outletsOf({ recordAudit }: Pick<ReturnType<typeof auditParts>, 'recordAudit'>): Outlets {
  return {
    sendSMS: () => unavailable('messages'),
    generateReport: () => unavailable('reports'),
    audit: (record, within) => recordAudit()(record, within),
  };
}

const unavailable = (what: string): Promise<never> => Promise.reject(new Error(`This program has no part for ${what}`));
