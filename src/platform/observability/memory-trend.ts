export type Trend = 'growing' | 'shrinking' | 'stable';

export interface Growth {
  readonly trend: Trend;
  readonly growthPerMinute: number;
  readonly leakDetected: boolean;
}

/** What was left of the heap by a collection of all of it. */
export interface HeapFloor {
  readonly at: number;
  readonly heapUsed: number;
}

const QUARTERS = 4;
/** Fewer floors say nothing. */
const MIN_FLOORS = 6;
/** A smaller change of the whole is noise. */
const NOTICEABLE_SHARE = 0.1;
/** A leak is at least this big: code that is compiled late stays below it. */
const LEAK_BYTES = 16 * 1_024 * 1_024;

/**
 * How the heap changes beneath the saw teeth of garbage collection. An idle process is collected once its heap has
 * doubled, so that between two collections it grows by garbage for many minutes: only what they leave tells. A leak is
 * a floor that rises from quarter to quarter.
 */
export function growthOf(floors: readonly HeapFloor[]): Growth {
  const [first, last] = [floors[0], floors.at(-1)];
  if (floors.length < MIN_FLOORS || first === undefined || last === undefined) {
    return { trend: 'stable', growthPerMinute: 0, leakDetected: false };
  }
  const lows = lowestOfQuarters(floors);
  const [lowest = 0, highest = 0] = [lows[0], lows.at(-1)];
  const gained = highest - lowest;
  // From the middle of the first quarter to that of the last.
  const minutes = ((last.at - first.at) * (QUARTERS - 1)) / QUARTERS / 60_000;
  const rises = lows.every((low, index) => index === 0 || low > (lows[index - 1] ?? 0));
  const trend = trendOf(gained / Math.max(1, lowest));
  return {
    trend,
    growthPerMinute: minutes > 0 ? gained / minutes : 0,
    leakDetected: rises && trend === 'growing' && gained >= LEAK_BYTES,
  };
}

function lowestOfQuarters(floors: readonly HeapFloor[]): number[] {
  const size = floors.length / QUARTERS;
  return Array.from({ length: QUARTERS }, (_, quarter) => {
    const part = floors.slice(Math.floor(quarter * size), Math.floor((quarter + 1) * size));
    return Math.min(...part.map(({ heapUsed }) => heapUsed));
  });
}

function trendOf(share: number): Trend {
  if (share >= NOTICEABLE_SHARE) return 'growing';
  return share <= -NOTICEABLE_SHARE ? 'shrinking' : 'stable';
}
