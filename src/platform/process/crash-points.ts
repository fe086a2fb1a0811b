/** Moments at which a crash would part what belongs together, were it not for leases and ids. */
export const CRASH_POINTS = ['outbox.committed', 'outbox.claimed', 'outbox.enqueued'] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Ends the process as `kill -9` does when it reaches the point named: for tests of what a crash leaves behind. */
export function crashAt(point: CrashPoint | undefined): (reached: CrashPoint) => void {
  return (reached) => {
    if (reached === point) process.kill(process.pid, 'SIGKILL');
  };
}
