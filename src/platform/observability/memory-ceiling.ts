import { SECOND_MS } from '../../shared/time.ts';

const LOOK_MS = 5 * SECOND_MS;

/**
 * Calls `reached` once when the process holds more than `maxBytes`: one that has grown is better begun anew than
 * killed by the system in the middle of a job.
 * @returns what ends the watching
 */
export function watchMemoryCeiling(
  maxBytes: number,
  reached: (bytes: number) => void,
  residentBytes: () => number = () => process.memoryUsage.rss(),
  everyMs = LOOK_MS,
): () => void {
  const timer = setInterval(() => {
    const bytes = residentBytes();
    if (bytes <= maxBytes) return;
    clearInterval(timer);
    reached(bytes);
  }, everyMs).unref();
  return () => {
    clearInterval(timer);
  };
}
