import type { ScopedModel } from '../../platform/database/collection.ts';
import { paginateCursor } from '../../platform/database/pagination.ts';
import { asSystem, type Access } from '../../platform/database/scoped.ts';
import type { Cursors } from '../../platform/security/cursors.ts';
import type { Id } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import type { Report } from './report.model.ts';
import { VAIN } from './report.state.ts';

const SHOWN = {
  merchantId: 1,
  kind: 1,
  format: 1,
  from: 1,
  until: 1,
  state: 1,
  progress: 1,
  rows: 1,
  bytes: 1,
  failure: 1,
  requestedAt: 1,
  finishedAt: 1,
  expiresAt: 1,
} as const;
export type ShownReport = Pick<Report, '_id' | keyof typeof SHOWN>;

const FILE_OF = { merchantId: 1, format: 1 } as const;
export type ReportWithFile = Pick<Report, '_id' | keyof typeof FILE_OF>;

const UNFINISHED = { slot: 1, inFlight: 1, emails: 1 } as const;
export type UnfinishedReport = Pick<Report, '_id' | keyof typeof UNFINISHED>;

const SWEEP = asSystem('clearing up after reports');

/** Reads of reports: lean, projected, each named after its question. */
export class ReportReads {
  readonly #reports: ScopedModel<Report>;
  readonly #cursors: Cursors;

  constructor(reports: ScopedModel<Report>, cursors: Cursors) {
    this.#reports = reports;
    this.#cursors = cursors;
  }

  async find(_id: Id, access: Access): Promise<ShownReport | undefined> {
    return (await this.#reports.findOne({ _id }, SHOWN, access).lean<ShownReport>()) ?? undefined;
  }

  /** A store's reports, the newest first. */
  findPage(page: PageQuery, access: Access): Promise<Page<ShownReport>> {
    const question = { list: 'reports', filter: {}, fields: SHOWN, sort: { requestedAt: -1, _id: -1 }, page } as const;
    return paginateCursor<Report, ShownReport>(this.#reports, question, this.#cursors, access);
  }

  /** A store's reports that are still to be made: at most as many as it may have. */
  async findUnfinished(limit: number, access: Access): Promise<UnfinishedReport[]> {
    return this.#reports
      .find({ slot: { $gte: 0 } }, UNFINISHED, access)
      .limit(limit)
      .lean<UnfinishedReport[]>();
  }

  /** Whose file has been kept for long enough; of all stores. */
  async findExpired(now: Date, limit: number): Promise<ReportWithFile[]> {
    return this.#reports
      .find({ state: 'ready', expiresAt: { $lte: now } }, FILE_OF, SWEEP)
      .sort({ expiresAt: 1 })
      .limit(limit)
      .lean<ReportWithFile[]>();
  }

  /** Who came to nothing before a moment, and may have left a file that nobody has removed yet; of all stores. */
  async findUncleared(before: Date, limit: number): Promise<ReportWithFile[]> {
    return this.#reports
      .find({ state: { $in: [...VAIN] }, expiresAt: null, finishedAt: { $lte: before } }, FILE_OF, SWEEP)
      .limit(limit)
      .lean<ReportWithFile[]>();
  }
}
