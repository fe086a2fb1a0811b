import { keysetPages } from '../../platform/database/keyset.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import { Attempts } from '../../shared/attempts.ts';
import { Id, newId } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import { Problem, unavailable } from '../../shared/problem.ts';
import type { MerchantScope, RequestContext } from '../../shared/scope.ts';
import type { Now } from '../../shared/time.ts';
import { localDay, startOfDay, type LocalDay, type Unit } from '../analytics/index.ts';
import { nextBegin, periodBefore } from './period.ts';
import { scheduleNotFound, tooManyReports, tooManySchedules } from './report.problems.ts';
import type { CreateSchedule, EditSchedule, ScheduleView } from './report.schema.ts';
import type { ReportService, StoreZones } from './report.service.ts';
import type { ReportSchedule } from './schedule.model.ts';
import type { ScheduleReads, ScheduleStore, SlotMove } from './schedule.store.ts';

export interface ScheduleDeps {
  readonly transact: Transact;
  readonly stores: StoreZones;
  readonly store: Pick<ScheduleStore, 'change' | 'insert' | 'move' | 'remove'>;
  readonly reads: Pick<ScheduleReads, 'count' | 'find' | 'findDue' | 'findPage'>;
  readonly reports: Pick<ReportService, 'requestWithin'>;
  readonly now: Now;
}

const MAX_SCHEDULES = 20;
const BATCH = 100;

type MerchantContext = RequestContext<MerchantScope>;

/** Reports that a store gets by itself. */
export class ScheduleService {
  readonly #deps: ScheduleDeps;

  constructor(deps: ScheduleDeps) {
    this.#deps = deps;
  }

  /** @throws Problem `too-many-report-schedules` */
  async create({ scope }: MerchantContext, wanted: CreateSchedule): Promise<ScheduleView> {
    const { reads, store, now } = this.#deps;
    if ((await reads.count({ scope })) >= MAX_SCHEDULES) {
      throw new Problem(tooManySchedules, `A store has ${String(MAX_SCHEDULES)} at most`);
    }
    const next = await this.#firstSlot(scope.merchantId, wanted.every);
    const own = { _id: newId(), merchantId: scope.merchantId, isPaused: false, createdAt: now() };
    const schedule: ReportSchedule = { ...own, ...wanted, ...next };
    await store.insert(schedule, { scope });
    return presentSchedule(schedule);
  }

  async list({ scope }: MerchantContext, page: PageQuery): Promise<Page<ScheduleView>> {
    const found = await this.#deps.reads.findPage(page, { scope });
    return { ...found, data: found.data.map(presentSchedule) };
  }

  async get({ scope }: MerchantContext, scheduleId: Id): Promise<ScheduleView> {
    return presentSchedule((await this.#deps.reads.find(scheduleId, { scope })) ?? notFound());
  }

  /** What was paused goes on with the period in which it is woken. */
  async edit({ scope }: MerchantContext, scheduleId: Id, { emails, isPaused }: EditSchedule): Promise<ScheduleView> {
    const { reads, store } = this.#deps;
    const { every, isPaused: wasPaused } = (await reads.find(scheduleId, { scope })) ?? notFound();
    const isWoken = wasPaused && isPaused === false;
    const change = {
      ...(emails !== undefined && { emails }),
      ...(isPaused !== undefined && { isPaused }),
      ...(isWoken && (await this.#firstSlot(scope.merchantId, every))),
    };
    return presentSchedule((await store.change(scheduleId, change, { scope })) ?? notFound());
  }

  async remove({ scope }: MerchantContext, scheduleId: Id): Promise<void> {
    if (!(await this.#deps.store.remove(scheduleId, { scope }))) notFound();
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

  async #requestOne(schedule: ReportSchedule): Promise<boolean> {
    const { transact, stores, store, reports } = this.#deps;
    const { merchantId, every, nextDay, kind, format, emails } = schedule;
    const scope: MerchantScope = { kind: 'merchant', merchantId };
    const zone = (await stores.findStore(merchantId))?.timeZone;
    if (zone === undefined) {
      await store.change(schedule._id, { isPaused: true }, { scope });
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
