import type { ScopedModel } from '../../platform/database/collection.ts';
import { behind } from '../../platform/database/keyset.ts';
import { paginateCursor } from '../../platform/database/pagination.ts';
import { asSystem, type Access } from '../../platform/database/scoped.ts';
import type { Cursors } from '../../platform/security/cursors.ts';
import type { Id } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import type { ReportSchedule } from './schedule.model.ts';

export type ScheduleChange = Partial<Pick<ReportSchedule, 'emails' | 'isPaused' | 'nextAt' | 'nextDay'>>;

/** Where a schedule is: after the slot that was found, and only once. */
export type SlotMove = Pick<ReportSchedule, 'nextAt' | 'nextDay'>;

/** Writes of schedules, each a single atomic operation. */
export class ScheduleStore {
  readonly #schedules: ScopedModel<ReportSchedule>;

  constructor(schedules: ScopedModel<ReportSchedule>) {
    this.#schedules = schedules;
  }

  async insert(schedule: ReportSchedule, access: Access): Promise<void> {
    await this.#schedules.create([schedule], access);
  }

  async change(_id: Id, change: ScheduleChange, access: Access): Promise<ReportSchedule | undefined> {
    const changed = await this.#schedules
      .findOneAndUpdate({ _id }, { $set: change }, { ...access, returnDocument: 'after' })
      .lean<ReportSchedule>();
    return changed ?? undefined;
  }

  /** Goes on to the next slot. @returns false when another was faster, or it was paused */
  async move({ _id, nextDay }: ReportSchedule, to: SlotMove, access: Access): Promise<boolean> {
    const { matchedCount } = await this.#schedules.updateOne({ _id, nextDay, isPaused: false }, { $set: to }, access);
    return matchedCount > 0;
  }

  /** @returns the schedule that there was */
  async remove(_id: Id, access: Access): Promise<ReportSchedule | undefined> {
    return (await this.#schedules.findOneAndDelete({ _id }, access).lean<ReportSchedule>()) ?? undefined;
  }
}

/** Reads of schedules: lean, bounded, each named after its question. */
export class ScheduleReads {
  readonly #schedules: ScopedModel<ReportSchedule>;
  readonly #cursors: Cursors;

  constructor(schedules: ScopedModel<ReportSchedule>, cursors: Cursors) {
    this.#schedules = schedules;
    this.#cursors = cursors;
  }

  async find(_id: Id, access: Access): Promise<ReportSchedule | undefined> {
    return (await this.#schedules.findOne({ _id }, null, access).lean<ReportSchedule>()) ?? undefined;
  }

  findPage(page: PageQuery, access: Access): Promise<Page<ReportSchedule>> {
    const question = { list: 'report-schedules', filter: {}, fields: {}, sort: { _id: 1 }, page } as const;
    return paginateCursor<ReportSchedule, ReportSchedule>(this.#schedules, question, this.#cursors, access);
  }

  /** Those of a store that are of one kind and format; a store has few. */
  async findOf(
    { kind, format }: Pick<ReportSchedule, 'format' | 'kind'>,
    access: Access,
  ): Promise<readonly ReportSchedule[]> {
    return this.#schedules.find({ kind, format }, null, access).lean<ReportSchedule[]>();
  }

  async count(access: Access): Promise<number> {
    return this.#schedules.countDocuments({}, access);
  }

  /** Those of all stores whose slot has come, the oldest slots first; behind one that was seen already. */
  async findDue(now: Date, limit: number, after: ReportSchedule | undefined): Promise<ReportSchedule[]> {
    const due = { isPaused: false, nextAt: { $lte: now } };
    return this.#schedules
      .find({ $and: [due, behind('nextAt', after)] }, null, asSystem('schedules of reports'))
      .sort({ nextAt: 1, _id: 1 })
      .limit(limit)
      .lean<ReportSchedule[]>();
  }
}
