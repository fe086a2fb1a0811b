import { outbox } from '../platform/outbox/event.store.ts';
import { DueSlots } from '../platform/queue/due-slots.ts';
import { ScheduleDesk } from '../platform/queue/schedule.desk.ts';
import { ScheduleRunner } from '../platform/queue/schedule.runner.ts';
import { scheduleStates, ScheduleStore } from '../platform/queue/schedule.store.ts';
import type { deadLetterParts } from './dead-letters.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';
import { schedules } from './schedules.ts';

/** What is done at set times; any number of instances may run it. */
export function schedulingParts(
  parts: Parts,
  { database, logger, now, transact, appendEvent, queue }: Platform,
  { deadLetterStore }: Pick<ReturnType<typeof deadLetterParts>, 'deadLetterStore'>,
) {
  const runner = parts.part(
    () => {
      const store = new ScheduleStore(scheduleStates.on(database().primary));
      const deps = { store, transact: transact(), appendEvent: appendEvent(), logger: logger(), now };
      return new ScheduleRunner(schedules, deps);
    },
    (made) => {
      made.stop();
    },
  );
  return {
    schedules: runner,
    scheduleDesk: parts.part(() => {
      const dueSlots = new DueSlots(outbox.on(database().primary));
      return new ScheduleDesk({
        runner: runner(),
        schedules,
        queues: queue(),
        deadLetters: deadLetterStore(),
        dueSlots,
      });
    }),
  };
}
