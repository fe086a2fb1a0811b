/**
 * Settles as `work` does, but rejects when that has not settled in time. The work itself goes on: only nobody waits for it any more.
 * @param late makes the error to reject with, and may tell whoever works that it is over
 */
export function inTime<T>(work: Promise<T>, limitMs: number, late: () => Error): Promise<T> {
  // By hand, since each job and many a request goes through here: a race of promises takes twice as long.
  return new Promise<T>((resolve, reject) => {
    // Cleared, where `AbortSignal.timeout` would keep a timer until its time for each that was quick.
    const timer = setTimeout(() => {
      reject(late());
    }, limitMs).unref();
    const settledBy = <V>(settle: (value: V) => void) => {
      return (value: V) => {
        clearTimeout(timer);
        settle(value);
      };
    };
    work.then(settledBy(resolve), settledBy(reject));
  });
}
