export type Trend = 'growing' | 'shrinking' | 'stable';

export interface Growth {
  readonly trend: Trend;
  readonly growthPerMinute: number;
  readonly leakDetected: boolean;
}

interface HeapSample {
  readonly at: number;
  readonly heapUsed: number;
}

const QUARTERS = 4;
/** Fewer samples say nothing. */
const MIN_SAMPLES = 12;
/** A smaller change of the whole is noise. */
const NOTICEABLE_SHARE = 0.1;
/** A leak is at least this big: caches that fill up and code that is compiled late stay below it. */
const LEAK_BYTES = 16 * 1_024 * 1_024;

/**
 * How the heap changes beneath the saw teeth of garbage collection: what counts is the lowest point of each quarter
 * of the samples, just after a collection. A leak is a floor that rises from quarter to quarter.
 */
export function growthOf(samples: readonly HeapSample[]): Growth {
  const [first, last] = [samples[0], samples.at(-1)];
  if (samples.length < MIN_SAMPLES || first === undefined || last === undefined) {
    return { trend: 'stable', growthPerMinute: 0, leakDetected: false };
  }
  const floors = floorsOf(samples);
  const [lowest = 0, highest = 0] = [floors[0], floors.at(-1)];
  const gained = highest - lowest;
  // From the middle of the first quarter to that of the last.
  const minutes = ((last.at - first.at) * (QUARTERS - 1)) / QUARTERS / 60_000;
  const rises = floors.every((floor, index) => index === 0 || floor > (floors[index - 1] ?? 0));
  const trend = trendOf(gained / Math.max(1, lowest));
  return {
    trend,
    growthPerMinute: minutes > 0 ? gained / minutes : 0,
    leakDetected: rises && trend === 'growing' && gained >= LEAK_BYTES,
  };
}

function floorsOf(samples: readonly HeapSample[]): number[] {
  const size = samples.length / QUARTERS;
  return Array.from({ length: QUARTERS }, (_, quarter) => {
    const part = samples.slice(Math.floor(quarter * size), Math.floor((quarter + 1) * size));
    return Math.min(...part.map(({ heapUsed }) => heapUsed));
  });
}

function trendOf(share: number): Trend {
  if (share >= NOTICEABLE_SHARE) return 'growing';
  return share <= -NOTICEABLE_SHARE ? 'shrinking' : 'stable';
}
