import type { FileLinks } from '../../platform/files/file-links.ts';
import { FILES_PATH } from '../../platform/files/file-links.ts';
import { Id } from '../../shared/ids.ts';
import { MINUTE_MS } from '../../shared/time.ts';
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

type Linked = Pick<Report, '_id' | 'format' | 'from' | 'kind' | 'merchantId' | 'until'>;

/** An address that hands out a report's file until a moment. */
export function linkTo(report: Linked, until: Date, { links, publicUrl }: LinkParts): string {
  const downloadName = `${report.kind}-${report.from}.${report.format}`;
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
