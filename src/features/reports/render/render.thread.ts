import { parentPort, workerData } from 'node:worker_threads';
import type { ReportFormat } from '../../../platform/queue/outlets.ts';
import type { ReportDocument } from './document.ts';
import type { RenderTask } from './rows.ts';

/** What the thread is started with. */
export interface RenderOrder extends Omit<RenderTask, 'passed'> {
  readonly document: ReportDocument;
  readonly format: ReportFormat;
}

type Render = (document: ReportDocument, task: RenderTask) => Promise<void>;

/** Loaded when asked for: each brings libraries of tens of megabytes. */
const RENDERERS: Readonly<Record<ReportFormat, () => Promise<Render>>> = {
  csv: async () => (await import('./csv.ts')).renderCsv,
  pdf: async () => (await import('./pdf.ts')).renderPdf,
  xlsx: async () => (await import('./xlsx.ts')).renderXlsx,
};

const { document, format, ...files } = workerData as RenderOrder;
const render = await RENDERERS[format]();
await render(document, { ...files, passed: (rows) => parentPort?.postMessage(rows) });
