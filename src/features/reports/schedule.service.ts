import { keysetPages } from '../../platform/database/keyset.ts';
import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import type { AppendEvent, Change } from '../../platform/outbox/event.ts';
import { Attempts } from '../../shared/attempts.ts';
import { differenceOf, pick } from '../../shared/difference.ts';
import { Id, newId } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import { Problem, unavailable } from '../../shared/problem.ts';
import type { MerchantContext, MerchantScope } from '../../shared/scope.ts';
import type { Now } from '../../shared/time.ts';
import { localDay, startOfDay, type LocalDay, type Unit } from '../analytics/index.ts';
import { nextBegin, periodBefore } from './period.ts';
import { reportsManaged, type ReportsManaged } from './report.events.ts';
import { scheduleNotFound, tooManyReports, tooManySchedules } from './report.problems.ts';
import type { CreateSchedule, EditSchedule, ScheduleView } from './report.schema.ts';
import type { ReportService, StoreZones } from './report.service.ts';
import { AUDITED, type ReportSchedule } from './schedule.model.ts';
import type { ScheduleReads, ScheduleStore, SlotMove } from './schedule.store.ts';

export interface ScheduleDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly stores: StoreZones;
  readonly store: Pick<ScheduleStore, 'change' | 'insert' | 'move' | 'remove'>;
  readonly reads: Pick<ScheduleReads, 'count' | 'find' | 'findDue' | 'findPage'>;
  readonly reports: Pick<ReportService, 'requestWithin'>;
  readonly now: Now;
}

const MAX_SCHEDULES = 20;
const BATCH = 100;

/** Reports that a store gets by itself. */
export class ScheduleService {
  readonly #deps: ScheduleDeps;

  constructor(deps: ScheduleDeps) {
    this.#deps = deps;
  }

  /** @throws Problem `too-many-report-schedules` */
  async create(context: MerchantContext, wanted: CreateSchedule): Promise<ScheduleView> {
    const { transact, reads, store, now } = this.#deps;
    const { scope } = context;
    if ((await reads.count({ scope })) >= MAX_SCHEDULES) {
      throw new Problem(tooManySchedules, `A store has ${String(MAX_SCHEDULES)} at most`);
    }
    const next = await this.#firstSlot(scope.merchantId, wanted.every);
    const own = { _id: newId(), merchantId: scope.merchantId, isPaused: false, createdAt: now() };
    const schedule: ReportSchedule = { ...own, ...wanted, ...next };
    return transact(context, async (access) => {
      await store.insert(schedule, access);
      await this.#note(context, 'report-schedule.created', schedule._id, { after: pick(schedule, AUDITED) }, access);
      return presentSchedule(schedule);
    });
  }

  async list({ scope }: MerchantContext, page: PageQuery): Promise<Page<ScheduleView>> {
    const found = await this.#deps.reads.findPage(page, { scope });
    return { ...found, data: found.data.map(presentSchedule) };
  }

  async get({ scope }: MerchantContext, scheduleId: Id): Promise<ScheduleView> {
    return presentSchedule((await this.#deps.reads.find(scheduleId, { scope })) ?? notFound());
  }

  /** What was paused goes on with the period in which it is woken. */
  edit(context: MerchantContext, scheduleId: Id, { emails, isPaused }: EditSchedule): Promise<ScheduleView> {
    const { transact, reads, store } = this.#deps;
    return transact(context, async (access) => {
      const found = (await reads.find(scheduleId, access)) ?? notFound();
      const isWoken = found.isPaused && isPaused === false;
      const change = {
        ...(emails !== undefined && { emails }),
        ...(isPaused !== undefined && { isPaused }),
        ...(isWoken && (await this.#firstSlot(context.scope.merchantId, found.every))),
      };
      const changed = (await store.change(scheduleId, change, access)) ?? notFound();
      await this.#note(context, 'report-schedule.changed', scheduleId, differenceOf(found, changed, AUDITED), access);
      return presentSchedule(changed);
    });
  }

  async remove(context: MerchantContext, scheduleId: Id): Promise<void> {
    const { transact, store } = this.#deps;
    await transact(context, async (access) => {
      const removed = (await store.remove(scheduleId, access)) ?? notFound();
      await this.#note(context, 'report-schedule.removed', scheduleId, { before: pick(removed, AUDITED) }, access);
    });
  }

  /**
   * Asks for each report that is due, once a slot, however many do this at once. Periods that were missed are caught up, one a
   * look. A store that has no room for more is passed over until the next look.
   * @returns how many were asked for
   * @throws AggregateError when some could not be, behind all others
   */
  async requestDue(signal: AbortSignal): Promise<number> {
    const { reads, now } = this.#deps;
    const at = now();
    const attempts = new Attempts();
    let requested = 0;
    for await (const due of keysetPages<ReportSchedule>(BATCH, (limit, last) => reads.findDue(at, limit, last))) {
      for (const schedule of due) {
        signal.throwIfAborted();
        if ((await attempts.make(() => this.#requestOne(schedule))) === true) requested += 1;
      }
    }
    attempts.demandNoFailure('schedules of reports');
    return requested;
  }

  #note(
    context: MerchantContext,
    type: ReportsManaged['type'],
    scheduleId: Id,
    change: Omit<Change, 'target'>,
    access: TransactionAccess,
  ): Promise<void> {
    const event = reportsManaged(type, context.scope.merchantId, scheduleId);
    return this.#deps.appendEvent(context, event, access, {
      target: { kind: 'report-schedule', id: scheduleId },
      ...change,
    });
  }

  async #requestOne(schedule: ReportSchedule): Promise<boolean> {
    const { transact, stores, store, reports, now } = this.#deps;
    const { merchantId, every, nextDay, kind, format, emails } = schedule;
    const scope: MerchantScope = { kind: 'merchant', merchantId };
    const zone = (await stores.findStore(merchantId))?.timeZone;
    if (zone === undefined) {
      await store.change(schedule._id, { isPaused: true }, { scope });
      return false;
    }
    const slot = slotOf(nextDay, zone);
    if (slot.nextAt > now()) {
      // The store has moved to a zone in which that day has not come yet.
      await store.move(schedule, slot, { scope });
      return false;
    }
    const wanted = { kind, format, ...periodBefore(nextDay, every), emails, requestedBy: null };
    const next = slotOf(nextBegin(nextDay, every), zone);
    try {
      return await transact({ scope }, async (access) => {
        if (!(await store.move(schedule, next, access))) return false;
        await reports.requestWithin({ scope }, wanted, access);
        return true;
      });
    } catch (error) {
      if (error instanceof Problem && error.kind === tooManyReports) return false;
      throw error;
    }
  }

  async #firstSlot(merchantId: Id, every: Unit): Promise<SlotMove> {
    const { stores, now } = this.#deps;
    const zone = (await stores.findStore(merchantId))?.timeZone;
    if (zone === undefined) throw new Problem(unavailable, 'The store is not there any more');
    return slotOf(nextBegin(localDay(now(), zone), every), zone);
  }
}

const slotOf = (nextDay: LocalDay, zone: string): SlotMove => ({ nextDay, nextAt: startOfDay(nextDay, zone) });

function notFound(): never {
  throw new Problem(scheduleNotFound, 'There is no such schedule');
}

function presentSchedule(schedule: ReportSchedule): ScheduleView {
  const { _id, kind, format, every, emails, isPaused, nextAt, createdAt } = schedule;
  return {
    id: Id.encode(_id),
    kind,
    format,
    every,
    emails,
    isPaused,
    nextAt: nextAt.toISOString(),
    createdAt: createdAt.toISOString(),
  };
}
