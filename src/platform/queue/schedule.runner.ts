import { schedule as runAt, type ScheduledTask } from 'node-cron';
import { MINUTE_MS, SECOND_MS, type Now } from '../../shared/time.ts';
import { asSystem } from '../database/scoped.ts';
import type { Transact } from '../database/transaction.ts';
import type { Logger } from '../observability/logger.ts';
import type { AppendEvent } from '../outbox/event.ts';
import { scheduleDue, slotAfter, slotAt, type Schedule } from './schedule.ts';
import type { ScheduleStore } from './schedule.store.ts';

export interface ScheduleRunnerDeps {
  readonly store: ScheduleStore;
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly now: Now;
}

export interface ScheduleReport extends Required<Pick<Schedule, 'cron' | 'missed' | 'name' | 'timeZone'>> {
  /** Null when it has not run yet. */
  readonly lastSlot: Date | null;
  readonly nextSlot: Date;
  readonly runs: number;
}

const system = asSystem('schedules');

/** What is set by less is only kept right. */
const JUMP_MS = 10 * SECOND_MS;

/** Between the clock and one that nobody sets: it changes when the clock jumps. */
const clockOffsetMs = (): number => Date.now() - performance.now();

/**
 * Has jobs done at set times. Any number of instances run: whoever claims a slot in the database writes its event in the
 * same transaction, so that a slot is run once, and is not lost to a crash or to a Redis that is away.
 */
export class ScheduleRunner {
  readonly #schedules: readonly Schedule[];
  readonly #deps: ScheduleRunnerDeps;
  #tasks: ScheduledTask[] = [];
  #timer: NodeJS.Timeout | undefined;
  #clockOffsetMs = 0;

  constructor(schedules: readonly Schedule[], deps: ScheduleRunnerDeps) {
    this.#schedules = schedules;
    this.#deps = deps;
  }

  start(): void {
    this.#plan();
    this.#timer = setInterval(() => void this.#lookBack(), MINUTE_MS);
    void this.#lookBack();
  }

  #plan(): void {
    this.#clockOffsetMs = clockOffsetMs();
    this.#tasks = this.#schedules.map((schedule) =>
      runAt(schedule.cron, () => this.#attempt(schedule, () => this.tick(schedule)), {
        name: schedule.name,
        timezone: schedule.timeZone ?? 'UTC',
      }),
    );
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const task of this.#tasks) void task.destroy();
  }

  /** Runs the slot that has just begun, unless another instance does. @returns whether this one did */
  async tick(schedule: Schedule): Promise<boolean> {
    const slot = slotAt(schedule, this.#deps.now());
    // A schedule that was never seen before begins here.
    await this.#deps.store.ensure(schedule.name, new Date(slot.getTime() - 1));
    return this.#run(schedule, slot);
  }

  /** Runs the latest slot if it was missed and is to be caught up. @returns whether it did */
  async catchUp(schedule: Schedule): Promise<boolean> {
    const slot = slotAt(schedule, this.#deps.now());
    await this.#deps.store.ensure(schedule.name, slot);
    return schedule.missed === 'catch-up' && this.#run(schedule, slot);
  }

  async list(): Promise<readonly ScheduleReport[]> {
    const states = await this.#deps.store.findAll(this.#schedules.map(({ name }) => name));
    const known = new Map(states.map((state) => [state._id, state]));
    return this.#schedules.map(({ name, cron, timeZone = 'UTC', missed }) => {
      const { hasRun = false, lastSlot = null, runs = 0 } = known.get(name) ?? {};
      const nextSlot = slotAfter({ cron, timeZone }, this.#deps.now());
      return { name, cron, timeZone, missed, lastSlot: hasRun ? lastSlot : null, nextSlot, runs };
    });
  }

  async #run({ name }: Schedule, slot: Date): Promise<boolean> {
    const { store, transact, appendEvent, logger } = this.#deps;
    const last = await store.lastSlot(name);
    if (last !== undefined && last >= slot) return false;
    const isOurs = await transact(system, async (access) => {
      const claimed = await store.claim(name, slot, access);
      if (claimed) await appendEvent(system, scheduleDue(name, slot), access);
      return claimed;
    });
    if (isOurs) logger.info({ schedule: name, slot }, 'a schedule is due');
    return isOurs;
  }

  /** What could not be run in its time: the database was away, or no instance was up. */
  async #lookBack(): Promise<void> {
    this.#followClock();
    for (const schedule of this.#schedules) await this.#attempt(schedule, () => this.catchUp(schedule));
  }

  /** node-cron waits for the time that was the next before a clock was set back, for as long as that takes. */
  #followClock(): void {
    if (Math.abs(clockOffsetMs() - this.#clockOffsetMs) < JUMP_MS) return;
    this.#deps.logger.warn('the clock has jumped: schedules are planned anew');
    for (const task of this.#tasks) void task.destroy();
    this.#plan();
  }

  async #attempt({ name, missed }: Schedule, run: () => Promise<boolean>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#deps.logger.warn({ error, schedule: name, missed }, 'a schedule could not be run at its time');
    }
  }
}
