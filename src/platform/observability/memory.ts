import { constants, PerformanceObserver } from 'node:perf_hooks';
import { memoryUsage } from 'node:process';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { growthOf, type HeapFloor, type Trend } from './memory-trend.ts';

const MEBIBYTE = 1_024 * 1_024;
/** An hour at the usual interval, of a process that is busy enough to be collected between any two looks. */
const MAX_FLOORS = 120;
/** The share of `maxHeapSize` from which it is time to say so. */
const HIGH_SHARE = 0.85;

/** One look at memory, in bytes. */
export interface MemorySample {
  readonly at: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly rss: number;
  readonly external: number;
}

export interface MemoryStats {
  readonly current: MemorySample;
  readonly peakHeapUsed: number;
  readonly maxHeapSize: number;
  readonly trend: Trend;
  /** Bytes a minute that collections of the whole heap leave more of it, by the looks of `collections`. */
  readonly growthPerMinute: number;
  readonly leakDetected: boolean;
  readonly samples: number;
  /** The looks that followed a collection of the whole heap, 120 at most. */
  readonly collections: number;
}

export interface MemoryAlert {
  readonly kind: 'heap-high' | 'heap-over-limit' | 'leak';
  readonly message: string;
  readonly stats: MemoryStats;
}

export interface MemoryMonitorOptions {
  /** Between two looks, in milliseconds. */
  readonly interval: number;
  /** Bytes of heap from which the process counts as unhealthy; V8's own limit unless given. */
  readonly maxHeapSize?: number;
}

/** Calls `collected` soon after each collection of the whole heap. @returns what ends that */
export type WatchCollections = (collected: () => void) => () => void;

/** Watches the heap of this process: how much, whether it grows for good, and tells when somebody should look. */
export class MemoryMonitorService {
  readonly #read: () => MemorySample;
  readonly #watchCollections: WatchCollections;
  readonly #floors: HeapFloor[] = [];
  readonly #listeners = new Set<(alert: MemoryAlert) => void>();
  readonly #raised = new Set<MemoryAlert['kind']>();
  #maxHeapSize = getHeapStatistics().heap_size_limit;
  #peakHeapUsed = 0;
  #timer: NodeJS.Timeout | undefined;
  #unwatch: () => void = () => undefined;
  #current: MemorySample | undefined;
  #samples = 0;
  /** The lowest since the last look: one a look, so that a busy minute weighs no more than a quiet one. */
  #floor: HeapFloor | undefined;

  /** @param read how memory is looked at; a test hands over its own figures, and tells itself when it was collected. */
  constructor(read: () => MemorySample = readMemory, watchCollections: WatchCollections = watchWholeCollections) {
    this.#read = read;
    this.#watchCollections = watchCollections;
  }

  /** Begins to watch; a second call goes on with other options. */
  initialize({ interval, maxHeapSize }: MemoryMonitorOptions): void {
    this.stop();
    this.#maxHeapSize = maxHeapSize ?? this.#maxHeapSize;
    this.#unwatch = this.#watchCollections(() => {
      const { at, heapUsed } = this.#read();
      if (heapUsed < (this.#floor?.heapUsed ?? Infinity)) this.#floor = { at, heapUsed };
    });
    this.sample();
    this.#timer = setInterval(() => {
      this.sample();
    }, interval).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#unwatch();
  }

  /** Takes one look now, beside those of the interval. */
  sample(): void {
    const sample = this.#read();
    this.#current = sample;
    this.#samples += 1;
    if (this.#floor !== undefined) this.#floors.push(this.#floor);
    if (this.#floors.length > MAX_FLOORS) this.#floors.shift();
    this.#floor = undefined;
    this.#peakHeapUsed = Math.max(this.#peakHeapUsed, sample.heapUsed);
    this.#raiseAlerts();
  }

  getStats(): MemoryStats {
    const current = this.#current ?? this.#read();
    return {
      current,
      peakHeapUsed: Math.max(this.#peakHeapUsed, current.heapUsed),
      maxHeapSize: this.#maxHeapSize,
      ...growthOf(this.#floors),
      samples: this.#samples,
      collections: this.#floors.length,
    };
  }

  /** The figures as text for people. */
  getReport(): string {
    const { current, peakHeapUsed, maxHeapSize, trend, growthPerMinute, leakDetected } = this.getStats();
    return [
      `heap ${inMebibytes(current.heapUsed)} of at most ${inMebibytes(maxHeapSize)}, peak ${inMebibytes(peakHeapUsed)}`,
      `resident ${inMebibytes(current.rss)}, outside of the heap ${inMebibytes(current.external)}`,
      `${trend}, ${inMebibytes(growthPerMinute)} a minute${leakDetected ? ': looks like a leak' : ''}`,
    ].join('\n');
  }

  /**
   * Calls `listener` once when a condition begins; again only after it has passed in between.
   * @returns how to stop listening.
   */
  onAlert(listener: (alert: MemoryAlert) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isHealthy(): boolean {
    return this.getStats().current.heapUsed < this.#maxHeapSize;
  }

  /** Collects garbage now, which stops everything else for as long. @returns the bytes of heap that came free. */
  forceGC(): number {
    const before = this.#read().heapUsed;
    collectGarbage();
    return Math.max(0, before - this.#read().heapUsed);
  }

  #raiseAlerts(): void {
    const stats = this.getStats();
    const share = stats.current.heapUsed / this.#maxHeapSize;
    const percent = `${String(Math.round(share * 100))} % of the heap is used`;
    this.#raise('heap-high', share >= HIGH_SHARE && share < 1, percent, stats);
    this.#raise('heap-over-limit', share >= 1, percent, stats);
    this.#raise('leak', stats.leakDetected, `the heap gains ${inMebibytes(stats.growthPerMinute)} a minute`, stats);
  }

  #raise(kind: MemoryAlert['kind'], holds: boolean, message: string, stats: MemoryStats): void {
    const begins = holds && !this.#raised.has(kind);
    if (holds) this.#raised.add(kind);
    else this.#raised.delete(kind);
    if (begins) for (const listener of this.#listeners) listener({ kind, message, stats });
  }
}

function readMemory(): MemorySample {
  const { heapUsed, heapTotal, rss, external } = memoryUsage();
  return { at: Date.now(), heapUsed, heapTotal, rss, external };
}

/** As the entries of `gc` have it; the types of Node leave it out. */
type CollectionEntry = PerformanceEntry & { readonly detail?: { readonly kind: number } };

function watchWholeCollections(collected: () => void): () => void {
  const observer = new PerformanceObserver((list) => {
    const entries = list.getEntries() as readonly CollectionEntry[];
    if (entries.some(({ detail }) => detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR)) collected();
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => {
    observer.disconnect();
  };
}

function collectGarbage(): void {
  // The function is there for contexts made after the flag is set, without a restart.
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

const inMebibytes = (bytes: number): string => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
