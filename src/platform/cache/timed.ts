import { currentTrace, type Trace } from '../observability/trace.ts';

type Load = () => Promise<unknown>;

/**
 * Notes in the trace of a request how long it waits for the cache: all that a read takes, but not what its own load does. Loads of
 * others count, since it waits for them.
 * @param now milliseconds that only grow
 */
export function timed<R extends { readonly load: Load }, T>(
  reading: R,
  read: (reading: R) => Promise<T>,
  now = () => performance.now(),
): Promise<T> {
  const trace = currentTrace();
  return trace === undefined ? read(reading) : timedIn(trace, reading, read, now);
}

async function timedIn<R extends { readonly load: Load }, T>(
  trace: Pick<Trace, 'cacheMs'>,
  reading: R,
  read: (reading: R) => Promise<T>,
  now: () => number,
): Promise<T> {
  const begunAt = now();
  let loadMs = 0;
  let loadBegunAt: number | undefined;
  const load = async () => {
    const since = (loadBegunAt = now());
    try {
      return await reading.load();
    } finally {
      loadMs += now() - since;
      loadBegunAt = undefined;
    }
  };
  try {
    return await read({ ...reading, load });
  } finally {
    // A load still under way, in place of which something is shown, is what was waited for since it began.
    trace.cacheMs += (loadBegunAt ?? now()) - begunAt - loadMs;
  }
}
