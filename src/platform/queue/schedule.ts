import type { JobRequest } from './job.ts';

/** Something that is to be done at set times. */
export interface Schedule {
  readonly name: string;
  /** Five fields, as cron has them. */
  readonly cron: string;
  /** An IANA name; UTC when there is none. */
  readonly timeZone?: string;
  /** What becomes of slots in which no process ran: `catch-up` does the latest of them, once; `skip` none. */
  readonly missed: 'catch-up' | 'skip';
  /** The job of one slot. Its id is replaced by one that follows from schedule and slot, so that a slot is run once. */
  request(slot: Date): JobRequest;
}
