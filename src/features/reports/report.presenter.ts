import type { FileLinks } from '../../platform/files/file-links.ts';
import { FILES_PATH } from '../../platform/files/file-links.ts';
import { Id } from '../../shared/ids.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import { kinds } from './kinds/index.ts';
import type { Report } from './report.model.ts';
import type { ShownReport } from './report.reads.ts';
import type { ReportView } from './report.schema.ts';
import { allowedTransitions } from './report.state.ts';

/** How long the link of an answer opens: whoever needs it longer asks again. */
const LINK_MS = 15 * MINUTE_MS;

/** Where the file of a report lies in the store. */
export const fileOf = ({ _id, merchantId, format }: Pick<Report, '_id' | 'format' | 'merchantId'>): string =>
  `reports/${Id.encode(merchantId)}/${Id.encode(_id)}.${format}`;

export interface LinkParts {
  readonly links: Pick<FileLinks, 'issue'>;
  /** Where users reach the platform. */
  readonly publicUrl: string;
}

type Linked = Pick<Report, '_id' | 'finishedAt' | 'format' | 'from' | 'kind' | 'merchantId'>;

/** An address that hands out a report's file until a moment. */
export function linkTo(report: Linked, until: Date, { links, publicUrl }: LinkParts): string {
  const downloadName = `${report.kind}-${timeOf(report)}.${report.format}`;
  return `${publicUrl}${FILES_PATH}?token=${links.issue({ name: fileOf(report), downloadName }, until)}`;
}

export function presentReport(report: ShownReport, now: Date, parts: LinkParts): ReportView {
  const { _id, kind, format, from, until, state, progress, rows, bytes, failure } = report;
  return {
    id: Id.encode(_id),
    kind,
    format,
    from,
    until,
    state,
    allowedTransitions: [...allowedTransitions(state)],
    progress,
    rows,
    bytes,
    failure,
    requestedAt: report.requestedAt.toISOString(),
    finishedAt: report.finishedAt?.toISOString() ?? null,
    // Of others it only says when they were cleared up after.
    expiresAt: state === 'ready' || state === 'expired' ? (report.expiresAt?.toISOString() ?? null) : null,
    download: downloadOf(report, now, parts),
  };
}

function downloadOf(report: ShownReport, now: Date, parts: LinkParts): ReportView['download'] {
  const { state, expiresAt } = report;
  if (state !== 'ready' || expiresAt === null || expiresAt <= now) return null;
  const until = new Date(Math.min(expiresAt.getTime(), now.getTime() + LINK_MS));
  return { url: linkTo(report, until, parts), expiresAt: until.toISOString() };
}

/** `2026-03-01`, or of what tells of now the minute in which it was made: `2026-03-10T2330Z`. */
function timeOf({ kind, from, finishedAt }: Linked): string {
  if (kinds[kind].tells === 'period' || finishedAt === null) return from;
  return `${finishedAt.toISOString().slice(0, 16).replace(':', '')}Z`;
}
