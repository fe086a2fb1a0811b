/**
 * Settles as `work` does, but rejects when that has not settled in time. The work itself goes on: only nobody waits for it any more.
 * @param late makes the error to reject with, and may tell whoever works that it is over
 */
export async function inTime<T>(work: Promise<T>, limitMs: number, late: () => Error): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  // Cleared, where `AbortSignal.timeout` would keep a timer until its time for each that was quick.
  const timer = setTimeout(() => {
    reject(late());
  }, limitMs).unref();
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
