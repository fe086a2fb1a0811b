import type { Outlets } from '../src/platform/queue/outlets.ts';

const nobody = (): Promise<never> => Promise.reject(new Error('This test has no part for it'));

/** For a queue service that is not asked for what features do. */
export const noOutlets: Outlets = { sendSMS: nobody, generateReport: nobody, audit: nobody };
