import { duplicateKey } from '../../platform/database/failures.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import { invalidRequest } from '../../platform/http/problems.ts';
import type { ReportFormat, ReportToGenerate, Within } from '../../platform/queue/outlets.ts';
import type { QueueService } from '../../platform/queue/queue.service.ts';
import { newId, type Id } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import { Problem, unavailable } from '../../shared/problem.ts';
import type { MerchantContext, MerchantScope } from '../../shared/scope.ts';
import type { Now } from '../../shared/time.ts';
import { localDay, periodOf, type Period } from '../analytics/index.ts';
import { isKindName, type KindName } from './kinds/index.ts';
import { periodBetween, REPORTED } from './period.ts';
import { reportRequested, reportsManaged } from './report.events.ts';
import type { Report } from './report.model.ts';
import { presentReport, type LinkParts } from './report.presenter.ts';
import { reportFinished, reportNotFound, tooManyReports } from './report.problems.ts';
import type { ReportReads } from './report.reads.ts';
import type { ReportView, RequestReport } from './report.schema.ts';
import { allowedTransitions } from './report.state.ts';
import type { ReportStore } from './report.store.ts';

/** What reports must know of a store. */
export interface StoreZones {
  findStore(merchantId: Id): Promise<{ readonly timeZone: string } | undefined>;
}

export interface ReportDeps extends LinkParts {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly stores: StoreZones;
  readonly store: Pick<ReportStore, 'cancel' | 'insert' | 'tellToo'>;
  readonly reads: Pick<ReportReads, 'find' | 'findPage' | 'findUnfinished'>;
  readonly queue: Pick<QueueService, 'demandRoom'>;
  readonly now: Now;
}

/** What is to be made. */
export interface WantedReport extends Period {
  readonly kind: KindName;
  readonly format: ReportFormat;
  readonly emails: readonly string[];
  readonly requestedBy: Id | null;
}

/** How many unfinished reports one store may have: so it cannot keep the others waiting for long. */
const MAX_UNFINISHED = 5;
/** How many addresses are told of one report. */
const MAX_EMAILS = 20;
/** Somebody asked for the same, or took the same place, at the same moment: then there is more to be seen. */
const ATTEMPTS = 5;

type RequestingContext = Within['context'];

/** Takes orders for reports. A worker makes them. */
export class ReportService {
  readonly #deps: ReportDeps;

  constructor(deps: ReportDeps) {
    this.#deps = deps;
  }

  /**
   * Asks for a report, or joins whoever waits for the same.
   * @throws Problem `too-many-reports`; EnqueueRefused
   */
  async request(context: MerchantContext, { kind, format, email, ...asked }: RequestReport): Promise<ReportView> {
    const { scope, actor } = context;
    await this.#deps.queue.demandRoom();
    const today = localDay(this.#deps.now(), await this.#zoneOf(scope.merchantId));
    const period = periodOf(asked, today, REPORTED);
    const requestedBy = actor.kind === 'user' ? actor.id : null;
    const emails = email === undefined ? [] : [email];
    const report = await this.#order(context, { kind, format, ...period, emails, requestedBy });
    return presentReport(report, this.#deps.now(), this.#deps);
  }

  /**
   * The same for other parts of the program. Within a transaction of theirs it fails with that when somebody asks for the same
   * at the same moment.
   * @returns the report's id
   */
  async generate(report: ReportToGenerate, within?: Within): Promise<Id> {
    const { merchantId, reportType, format, dateRange, email, requestedBy = null } = report;
    if (!isKindName(reportType)) throw new Problem(invalidRequest, `There are no reports of the kind ${reportType}`);
    const { from, to } = dateRange;
    const days = periodBetween(from, to, await this.#zoneOf(merchantId));
    const period = periodOf(days, days.until, REPORTED);
    const emails = email === undefined ? [] : [email];
    const wanted = { kind: reportType, format, ...period, emails, requestedBy };
    const scope: MerchantScope = { kind: 'merchant', merchantId };
    if (within === undefined) return (await this.#order({ scope }, wanted))._id;
    const { session } = within.access;
    return (await this.requestWithin({ ...within.context, scope }, wanted, { scope, session }))._id;
  }

  /** In a transaction: a report and its event, or the one that is being made already. */
  async requestWithin(
    context: RequestingContext & { readonly scope: MerchantScope },
    wanted: WantedReport,
    access: Within['access'],
  ): Promise<Report> {
    const { store, reads, appendEvent, now } = this.#deps;
    const { merchantId } = context.scope;
    const inFlight = [wanted.kind, wanted.format, wanted.from, wanted.until].join(' ');
    const unfinished = await reads.findUnfinished(MAX_UNFINISHED, access);
    const same = unfinished.find((report) => report.inFlight === inFlight);
    if (same !== undefined) demandFewEmails([...same.emails, ...wanted.emails]);
    const joined = same && (await store.tellToo(same._id, wanted.emails, access));
    if (joined !== undefined) return joined;
    const slot = freeSlot(unfinished.map((report) => report.slot));
    if (slot === undefined) {
      throw new Problem(tooManyReports, `${String(MAX_UNFINISHED)} are being made: wait for one of them, or cancel it`);
    }
    const report = newReport(merchantId, wanted, { slot, inFlight, at: now() });
    await store.insert(report, access);
    const { kind, format, from, until, emails } = report;
    const change = { target: { kind: 'report', id: report._id }, after: { kind, format, from, until, emails } };
    await appendEvent(context, reportRequested(merchantId, report._id), access, change);
    return report;
  }

  async get({ scope }: MerchantContext, reportId: Id): Promise<ReportView> {
    const report = await this.#find(reportId, { scope });
    return presentReport(report, this.#deps.now(), this.#deps);
  }

  async list({ scope }: MerchantContext, page: PageQuery): Promise<Page<ReportView>> {
    const found = await this.#deps.reads.findPage(page, { scope });
    const now = this.#deps.now();
    return { ...found, data: found.data.map((report) => presentReport(report, now, this.#deps)) };
  }

  /** Ends it, in the middle of its making as well: its worker notices within a second or two. */
  async cancel(context: MerchantContext, reportId: Id): Promise<ReportView> {
    const { transact, appendEvent, store, now } = this.#deps;
    const { scope } = context;
    const cancelled = await transact(context, async (access) => {
      const report = await store.cancel(reportId, now(), access);
      if (report === undefined) return undefined;
      const change = { target: { kind: 'report', id: reportId }, after: { state: report.state } };
      await appendEvent(context, reportsManaged('report.cancelled', scope.merchantId, reportId), access, change);
      return report;
    });
    if (cancelled !== undefined) return presentReport(cancelled, now(), this.#deps);
    const { state } = await this.#find(reportId, { scope });
    const details = { state, allowedTransitions: allowedTransitions(state) };
    throw new Problem(reportFinished, `A report that is ${state} cannot be cancelled`, details);
  }

  async #order(context: RequestingContext & { readonly scope: MerchantScope }, wanted: WantedReport): Promise<Report> {
    const { transact } = this.#deps;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await transact(context, (access) => this.requestWithin(context, wanted, access));
      } catch (error) {
        if (duplicateKey(error) === undefined || attempt >= ATTEMPTS) throw error;
      }
    }
  }

  async #find(reportId: Id, access: Access) {
    const report = await this.#deps.reads.find(reportId, access);
    if (report === undefined) throw new Problem(reportNotFound, 'There is no such report');
    return report;
  }

  async #zoneOf(merchantId: Id): Promise<string> {
    const store = await this.#deps.stores.findStore(merchantId);
    if (store === undefined) throw new Problem(unavailable, 'The store is not there any more');
    return store.timeZone;
  }
}

/** @throws Problem `too-many-reports`: a report is no way to write to hundreds */
function demandFewEmails(emails: readonly string[]): void {
  if (new Set(emails).size <= MAX_EMAILS) return;
  throw new Problem(
    tooManyReports,
    `This one is told to ${String(MAX_EMAILS)} addresses already: wait until it is ready`,
  );
}

function freeSlot(taken: readonly (number | null)[]): number | undefined {
  return Array.from({ length: MAX_UNFINISHED }, (_, slot) => slot).find((slot) => !taken.includes(slot));
}

function newReport(
  merchantId: Id,
  { emails, ...wanted }: WantedReport,
  { slot, inFlight, at }: { readonly slot: number; readonly inFlight: string; readonly at: Date },
): Report {
  return {
    _id: newId(),
    merchantId,
    ...wanted,
    emails: [...emails],
    state: 'queued',
    progress: 0,
    slot,
    inFlight,
    attempts: 0,
    builder: null,
    beatAt: at,
    rows: null,
    bytes: null,
    failure: null,
    requestedAt: at,
    finishedAt: null,
    expiresAt: null,
  };
}
