import { isError } from './errors.ts';

const OUT_OF_TIME = 'TimeoutError';

/** What ends work before it is done: whichever comes first. Those that are undefined never do. */
export interface CutOff {
  readonly signals: readonly (AbortSignal | undefined)[];
  readonly limitMs?: number;
}

/**
 * Does work under one signal that is aborted by the first of several, for that one's reason, or as of `AbortSignal.timeout` when
 * its time is over.
 *
 * In place of `AbortSignal.any`, whose signal Node ties weakly to its sources until something listens to it: a timeout among them
 * is collected, and work that only looks at `aborted` between its steps is never cut off.
 */
export async function cutOffBy<T>({ signals, limitMs }: CutOff, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  // Some sources live as long as the process: by this they are rid of their listeners.
  const done = new AbortController();
  const timer =
    limitMs === undefined
      ? undefined
      : setTimeout(() => {
          controller.abort(new DOMException(`Not done within ${String(limitMs)} ms`, OUT_OF_TIME));
        }, limitMs).unref();
  for (const source of signals) {
    const abort = (): void => {
      controller.abort(source?.reason);
    };
    if (source?.aborted === true) abort();
    else source?.addEventListener('abort', abort, { once: true, signal: done.signal });
  }
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    done.abort();
  }
}

/** Whether work was cut off since it took too long, rather than since somebody wanted it to stop. */
export const isOutOfTime = ({ reason }: AbortSignal): boolean => isError(reason) && reason.name === OUT_OF_TIME;
