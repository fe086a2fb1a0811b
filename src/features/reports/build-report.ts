import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isGone } from '../../platform/database/failures.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import { StoreFailure, type FileStore } from '../../platform/files/file-store.ts';
import { lookOf, type Sender } from '../../platform/mail/brand.ts';
import { removeOlder } from '../../platform/files/remove-older.ts';
import type { QueueService } from '../../platform/queue/queue.service.ts';
import type { ReportFormat } from '../../platform/queue/outlets.ts';
import { PermanentFailure, PutOff } from '../../platform/queue/job.ts';
import { cutOffBy } from '../../shared/cut-off.ts';
import type { Id } from '../../shared/ids.ts';
import type { MerchantScope } from '../../shared/scope.ts';
import { SECOND_MS, type Now } from '../../shared/time.ts';
import { startOfDay } from '../analytics/index.ts';
import { kinds } from './kinds/index.ts';
import type { About, ReportKind, Sources } from './kinds/kind.ts';
import { dayInWords, inWords } from './period.ts';
import { render } from './render/render.ts';
import type { ReportDocument } from './render/document.ts';
import type { Digest } from './digest.ts';
import { MAX_ATTEMPTS, type ReportRef } from './report.jobs.ts';
import { reportLetter } from './report.letter.ts';
import { EXPECTED_FAILURES, type Report, type ReportFailure } from './report.model.ts';
import { fileOf, linkTo, type LinkParts } from './report.presenter.ts';
import type { ReportReads } from './report.reads.ts';
import type { ReportState } from './report.state.ts';
import type { Holder, ReportStore } from './report.store.ts';
import type { ReportSubscribers } from './report.subscribers.ts';
import { spool, TooManyRows } from './spool.ts';

/** What a report shows of a store. */
export interface StoreLook extends Sender {
  readonly currency: string;
  readonly timeZone: string;
}

export interface BuildDeps extends LinkParts {
  readonly transact: Transact;
  readonly store: Pick<ReportStore, 'beat' | 'claim' | 'fail' | 'finish' | 'release'>;
  readonly reads: Pick<ReportReads, 'find'>;
  readonly stores: { findStore(merchantId: Id): Promise<StoreLook | undefined> };
  readonly sources: Sources;
  readonly files: Pick<FileStore, 'put' | 'remove'>;
  /** Directory of this machine in which reports are made. */
  readonly scratch: string;
  readonly queue: Pick<QueueService, 'sendEmail'>;
  readonly subscribers: Pick<ReportSubscribers, 'linksFor'>;
  /** For how long the file is kept, in milliseconds. */
  readonly retentionMs: number;
  readonly now: Now;
}

/** The most rows of each format: what a spreadsheet holds, and what anybody would leaf through. */
export const MAX_ROWS: Readonly<Record<ReportFormat, number>> = { csv: 1_000_000, xlsx: 500_000, pdf: 20_000 };

const NO_LINKS: ReadonlyMap<string, string> = new Map();

/** How far the reading of rows leads, in per cent; the rest is for what is made of them. */
const READING = 40;
const RENDERING = 55;

const BEAT_MS = SECOND_MS;

/** After which time another worker may begin with what a stopping one has given back. */
const HAND_OVER_MS = 100;

/** Begins the name of the directory that a report is made in. */
const SCRATCH_PREFIX = 'merchant-report-';

/** It was cancelled, or another worker makes it now. */
class Dropped extends Error {
  override readonly name = 'Dropped';
}

class MerchantGone extends Error {
  override readonly name = 'MerchantGone';
}

type MerchantAccess = Access & { readonly scope: MerchantScope };

interface Made {
  readonly look: StoreLook;
  readonly rows: number;
  readonly bytes: number;
}

type FinishedReport = Report & { readonly finishedAt: Date; readonly expiresAt: Date };

/**
 * Makes reports. However often and by however many it is tried, there is one file, whole, and one mail: only who holds the report
 * can finish it, and the mail is asked for in the same transaction.
 */
export class ReportBuilder {
  readonly #deps: BuildDeps;

  constructor(deps: BuildDeps) {
    this.#deps = deps;
  }

  /**
   * @param signal its time is over
   * @param stopping the worker is to end soon: the report is given back
   * @throws PutOff when it was given back; PermanentFailure when it has failed for good
   */
  async build({ merchantId, reportId }: ReportRef, signal: AbortSignal, stopping?: AbortSignal): Promise<void> {
    const { store, now } = this.#deps;
    const access = { scope: { kind: 'merchant', merchantId } } as const;
    const holder = { _id: reportId, builder: randomUUID() };
    const report = await store.claim(holder, now(), access);
    if (report === undefined) return;
    const progress = new Progress((percent) => store.beat(holder, percent, now(), access));
    const ends = [signal, progress.dropped];
    try {
      const made = await cutOffBy({ signals: [...ends, stopping] }, (end) => this.#make(report, progress, end, access));
      await this.#finish(report, holder, made, access);
    } catch (error) {
      await this.#giveUp(report, holder, reasonOf(error, ends, stopping), access);
    } finally {
      progress.stop();
    }
  }

  /** Removes what was begun on this machine before a moment, by a process that was killed. */
  async tidy(before: Date): Promise<void> {
    await removeOlder(this.#deps.scratch, (name) => name.startsWith(SCRATCH_PREFIX), before);
  }

  async #make(report: Report, progress: Progress, signal: AbortSignal, access: MerchantAccess): Promise<Made> {
    const { files, scratch, stores } = this.#deps;
    const look = await stores.findStore(report.merchantId);
    if (look === undefined) throw new MerchantGone();
    const directory = await mkdtemp(join(scratch, SCRATCH_PREFIX));
    try {
      const [rowsFile, targetFile] = [join(directory, 'rows'), join(directory, `report.${report.format}`)];
      const kind = kinds[report.kind];
      const digest = await spool({
        kind,
        sources: this.#deps.sources,
        about: aboutOf(report, look, access),
        file: rowsFile,
        passed: (share) => {
          progress.percent = share * READING;
        },
        signal,
      });
      progress.percent = READING;
      const document = documentOf(kind, report, look, digest, this.#deps.now());
      const passed = (rows: number): void => {
        progress.percent = READING + (rows / Math.max(1, digest.rows)) * RENDERING;
      };
      await render({ document, format: report.format, rowsFile, targetFile }, passed, signal);
      signal.throwIfAborted();
      return { look, rows: digest.rows, bytes: await files.put(fileOf(report), targetFile) };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #finish(report: Report, holder: Holder, { look, ...made }: Made, { scope }: MerchantAccess): Promise<void> {
    const { transact, store, reads, files, queue, subscribers, now, retentionMs } = this.#deps;
    const at = now();
    const expiresAt = new Date(at.getTime() + retentionMs);
    const isDone = await transact({ scope }, async (access) => {
      const emails = await store.finish(holder, { ...made, at, expiresAt }, access);
      if (emails === undefined) return false;
      const ends = emails.length === 0 ? NO_LINKS : await subscribers.linksFor(report, access);
      const finished = { ...report, finishedAt: at, expiresAt };
      const letterFor = (to: string) => this.#letterOf(finished, look, ends.get(to));
      for (const to of emails) await queue.sendEmail({ to, ...letterFor(to) }, { context: { scope }, access });
      return true;
    });
    if (isDone) return;
    const state = (await reads.find(report._id, { scope }))?.state;
    // Cancelled since its last beat: nobody may fetch it. If another has made it, the file is as good as that one's.
    if (state === undefined || !WANTED.has(state)) await files.remove(fileOf(report));
    throw new Dropped();
  }

  #letterOf(report: FinishedReport, store: StoreLook, unsubscribeUrl: string | undefined) {
    const look = lookOf(store);
    const { kind, from, until, finishedAt, expiresAt } = report;
    const url = linkTo(report, expiresAt, this.#deps);
    const asOf = kinds[kind].tells === 'now' ? finishedAt : undefined;
    const about = { look, kind, timeZone: store.timeZone, from, until, asOf };
    const { subject, text, html } = reportLetter({ ...about, url, expiresAt, unsubscribeUrl });
    return { subject, body: text, html, ...(unsubscribeUrl !== undefined && { unsubscribeUrl }) };
  }

  async #giveUp(report: Report, holder: Holder, error: unknown, access: MerchantAccess): Promise<void> {
    const { store, files, now } = this.#deps;
    if (error instanceof Dropped) return;
    // Of which the queue counts no attempt: with a database that is away no report is at fault.
    const isPutOff = error instanceof PutOff || isGone(error);
    const failure = failureOf(error);
    const isFinal = EXPECTED.has(failure) || report.attempts >= MAX_ATTEMPTS;
    if (isPutOff || !isFinal) {
      await store.release(holder, !isPutOff, access);
      throw error;
    }
    // Only once it has failed: one that is ready after all keeps its file. What cannot be removed now, the sweep removes and tells of.
    if (await store.fail(holder, failure, now(), access)) await files.remove(fileOf(report)).catch(() => undefined);
    // Whoever asked is told by the report's state; nobody need look into what is as it should be.
    if (EXPECTED.has(failure)) return;
    throw Object.assign(new PermanentFailure(`The report cannot be made (${failure})`), { cause: error });
  }
}

/** States in which a report has a file, or will have one. */
const WANTED: ReadonlySet<ReportState> = new Set(['queued', 'running', 'ready']);

const EXPECTED: ReadonlySet<ReportFailure> = new Set(EXPECTED_FAILURES);

function failureOf(error: unknown): ReportFailure {
  if (error instanceof TooManyRows) return 'too-many-rows';
  if (error instanceof MerchantGone) return 'merchant-gone';
  return error instanceof StoreFailure ? 'store-failed' : 'failed';
}

/** What was aborted fails by whatever it was at: the cause is what has aborted it. A worker that stops gives the job back. */
function reasonOf(error: unknown, ends: readonly AbortSignal[], stopping: AbortSignal | undefined): unknown {
  const end = ends.find(({ aborted }) => aborted);
  if (end !== undefined) return end.reason;
  return stopping?.aborted === true ? new PutOff('The worker stops', HAND_OVER_MS) : error;
}

function aboutOf({ from, until, format }: Report, { timeZone }: StoreLook, access: MerchantAccess): About {
  const [begin, end] = [startOfDay(from, timeZone), startOfDay(until, timeZone)];
  return { access, from, until, begin, end, timeZone, maxRows: MAX_ROWS[format] };
}

function documentOf(kind: ReportKind, report: Report, look: StoreLook, digest: Digest, now: Date): ReportDocument {
  return {
    title: kind.title,
    period: kind.tells === 'now' ? `As of ${dayInWords(now, 'en', look.timeZone)}` : inWords(report),
    storeName: look.name,
    accentColor: look.branding.accentColor,
    currency: look.currency,
    timeZone: look.timeZone,
    madeAt: now.getTime(),
    columns: kind.columns.map(({ label, type, width }) => ({ label, type, width })),
    rows: digest.rows,
    totals: digest.totalCells,
    figures: digest.figures,
    charts: digest.charts,
  };
}

/** Says every second how far a report is, and hears whether it is still wanted. */
class Progress {
  percent = 0;
  readonly #dropped = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** @param beat resolves with false when the report is not to be made any more, or not here */
  constructor(beat: (percent: number) => Promise<boolean>) {
    const say = async (): Promise<void> => {
      // A database that is away for a moment is no reason to stop.
      const goesOn = await beat(Math.round(this.percent)).catch(() => true);
      if (!goesOn) this.#dropped.abort(new Dropped());
    };
    this.#timer = setInterval(() => void say(), BEAT_MS);
  }

  get dropped(): AbortSignal {
    return this.#dropped.signal;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
