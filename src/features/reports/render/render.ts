import { Worker } from 'node:worker_threads';
import { threadFile } from '../../../platform/process/thread-file.ts';
import type { RenderOrder } from './render.thread.ts';

export type { RenderOrder };

/** A report beyond this fails alone, rather than take its worker with it. */
const MAX_HEAP_MB = 256;
/** What is drawn is forgotten at once: with little room for it the thread holds tens of megabytes less and is as fast. */
const YOUNG_HEAP_MB = 16;

/**
 * Makes a report's file in a thread: laying out pages takes seconds in which this one must go on renewing its jobs' locks.
 * @param passed is told now and then how many rows are done
 * @param signal ends the thread at once
 */
export async function render(order: RenderOrder, passed: (rows: number) => void, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const thread = new Worker(threadFile(import.meta.url, './render.thread'), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
    // Flags such as --input-type or --inspect are the main thread's own.
    execArgv: [],
  });
  const ended = Promise.withResolvers<undefined>();
  const abort = (): void => void thread.terminate();
  signal.addEventListener('abort', abort, { once: true });
  thread.on('message', passed);
  thread.on('error', ended.reject);
  // Until then it may write to its file, whatever is wanted of it.
  thread.on('exit', (code) => {
    if (signal.aborted) ended.reject(signal.reason as Error);
    else if (code === 0) ended.resolve(undefined);
    else ended.reject(new Error(`The thread ended with ${String(code)}`));
  });
  try {
    await ended.promise;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
