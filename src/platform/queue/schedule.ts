import { CronExpressionParser } from 'cron-parser';
import { newId } from '../../shared/ids.ts';
import type { Event } from '../outbox/event.ts';
import type { Subscription, Subscriptions } from '../outbox/subscription.ts';
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

type When = Pick<Schedule, 'cron' | 'timeZone'>;

/**
 * The latest slot that has begun at a moment. Of those that `slotAfter` tells of: where clocks are put forward or back, a time of
 * day that is not there, or is there twice, has one slot. Backwards alone it would have none, or two.
 */
export function slotAt(when: When, at: Date): Date {
  const back = cron(when, new Date(at.getTime() + 1));
  back.prev();
  let slot = back.prev().toDate();
  const forth = cron(when, slot);
  for (let next = forth.next().toDate(); next <= at; next = forth.next().toDate()) slot = next;
  return slot;
}

/** The first slot after a moment. */
export const slotAfter = (when: When, at: Date): Date => cron(when, at).next().toDate();

const cron = ({ cron: expression, timeZone = 'UTC' }: When, currentDate: Date) =>
  CronExpressionParser.parse(expression, { currentDate, tz: timeZone });

export type ScheduleDue = Event<'schedule.due', { readonly name: string; readonly slot: string }>;

export const scheduleDue = (name: string, slot: Date): ScheduleDue => ({
  type: 'schedule.due',
  version: 1,
  aggregateId: newId(),
  data: { name, slot: slot.toISOString() },
});

/** The job of a slot: asked for again it is the same. */
export const slotJobId = (name: string, slot: Date): string => `${name}-${slot.toISOString().replaceAll(/\D/g, '')}`;

/** What follows from a slot: the job of its schedule. Nothing, when there is no such schedule any more. */
export function scheduleSubscriptions(schedules: readonly Schedule[]): Subscriptions {
  const byName = new Map(schedules.map((schedule) => [schedule.name, schedule]));
  const due: Subscription<ScheduleDue> = {
    jobs({ data: { name, slot } }) {
      const at = new Date(slot);
      const request = byName.get(name)?.request(at);
      return request === undefined ? [] : [{ ...request, id: slotJobId(name, at) }];
    },
    tags: () => [],
  };
  return { 'schedule.due': due };
}
