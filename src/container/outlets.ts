import type { Outlets } from '../platform/queue/outlets.ts';

/** What features do for the queue service, which knows none of them. */
export function outletsOf(): Outlets {
  return {
    sendSMS: () => unavailable('messages'),
    generateReport: () => unavailable('reports'),
    audit: () => unavailable('the audit log'),
  };
}

const unavailable = (what: string): Promise<never> => Promise.reject(new Error(`This program has no part for ${what}`));
