import { expect, test } from '@jest/globals';
import { startChild } from '../../../tests/child.ts';
import { MemoryMonitorService, type MemoryAlert } from './memory.ts';

const MB = 1_024 * 1_024;

/** A monitor that has seen the given heap sizes, a minute apart; `isFloor` tells which of them a collection of the whole left. */
function seen(heapsInMb: readonly number[], isFloor: (minute: number) => boolean, maxHeapMb = 1_000) {
  let index = 0;
  let collected = (): void => undefined;
  const monitor = new MemoryMonitorService(
    () => {
      const heapUsed = (heapsInMb[index] ?? 0) * MB;
      return { at: index * 60_000, heapUsed, heapTotal: heapUsed, rss: heapUsed, external: 0 };
    },
    (tell) => {
      collected = tell;
      return () => undefined;
    },
  );
  const alerts: MemoryAlert[] = [];
  monitor.onAlert((alert) => alerts.push(alert));
  monitor.initialize({ interval: 3_600_000, maxHeapSize: maxHeapMb * MB });
  for (index = 1; index < heapsInMb.length; index += 1) {
    if (isFloor(index)) collected();
    monitor.sample();
  }
  monitor.stop();
  return { monitor, alerts };
}

const minutes = (count: number, heap: (minute: number) => number) =>
  Array.from({ length: count }, (_, minute) => heap(minute));

const every = (period: number) => (minute: number) => minute % period === 0;

test('a heap whose floor rises all the time is told of as a leak, once', () => {
  const heaps = minutes(40, (minute) => 100 + 2 * minute + 30 * (minute % 3));
  const { monitor, alerts } = seen(heaps, every(3));
  expect(monitor.getStats()).toMatchObject({ trend: 'growing', leakDetected: true, samples: 40 });
  expect(monitor.getStats().growthPerMinute / MB).toBeCloseTo(2, 0);
  expect(alerts.map(({ kind }) => kind)).toEqual(['leak']);
});

test('the saw teeth of garbage collection are no leak', () => {
  const heaps = minutes(40, (minute) => 100 + 20 * (minute % 5));
  const { monitor, alerts } = seen(heaps, every(5));
  expect(monitor.getStats()).toMatchObject({ trend: 'stable', leakDetected: false });
  expect(alerts).toEqual([]);
});

test('one tooth that takes longer than all the looks is no leak, nor is one that the first of them began in', () => {
  const heaps = minutes(300, (minute) => 50 + 3.4 * (minute % 150));
  for (const isFloor of [() => false, every(150)]) {
    const { monitor, alerts } = seen(heaps, isFloor);
    expect(monitor.getStats()).toMatchObject({ trend: 'stable', growthPerMinute: 0, leakDetected: false });
    expect(alerts).toEqual([]);
  }
});

test('a process that warms up and then stays is no leak', () => {
  const heaps = minutes(40, (minute) => Math.min(150, 80 + 10 * minute));
  expect(seen(heaps, every(1)).monitor.getStats().leakDetected).toBe(false);
});

test('too few collections say nothing', () => {
  const { monitor } = seen([10, 100, 200, 400, 800, 1_000], every(1), 10_000);
  expect(monitor.getStats()).toMatchObject({ trend: 'stable', leakDetected: false });
});

test('a heap near and over its limit is told of each time that begins, and is unhealthy over it', () => {
  const { monitor, alerts } = seen([50, 90, 91, 50, 90, 120], () => false, 100);
  expect(alerts.map(({ kind }) => kind)).toEqual(['heap-high', 'heap-high', 'heap-over-limit']);
  expect(monitor.isHealthy()).toBe(false);
  expect(monitor.getReport()).toContain('heap 120.0 MiB of at most 100.0 MiB');
});

test('the real process is measured, and its garbage can be collected', () => {
  const monitor = new MemoryMonitorService();
  monitor.initialize({ interval: 60_000 });
  const { current, maxHeapSize } = monitor.getStats();
  expect(current.heapUsed).toBeGreaterThan(MB);
  expect(maxHeapSize).toBeGreaterThan(current.heapUsed);
  expect(monitor.isHealthy()).toBe(true);
  expect(monitor.forceGC()).toBeGreaterThanOrEqual(0);
  monitor.stop();
});

test('what a real process keeps after each collection is told of as a leak; what it lets go is none', async () => {
  const { code, log } = await startChild('tests/leaking-process.ts', [], {}).ended;
  expect({ code, log }).toEqual({ code: 0, log: 'false false 0\ntrue true 12\n' });
});
