import { expect, test } from '@jest/globals';
import { MemoryMonitorService, type MemoryAlert } from './memory.ts';

const MB = 1_024 * 1_024;

/** A monitor that has seen the given heap sizes, a minute apart. */
function seen(heapsInMb: readonly number[], maxHeapMb = 1_000) {
  let index = 0;
  const monitor = new MemoryMonitorService(() => {
    const at = index * 60_000;
    const heapUsed = (heapsInMb[Math.min(index, heapsInMb.length - 1)] ?? 0) * MB;
    index += 1;
    return { at, heapUsed, heapTotal: heapUsed, rss: heapUsed, external: 0 };
  });
  const alerts: MemoryAlert[] = [];
  monitor.onAlert((alert) => alerts.push(alert));
  monitor.initialize({ interval: 3_600_000, maxHeapSize: maxHeapMb * MB });
  for (let look = 1; look < heapsInMb.length; look += 1) monitor.sample();
  monitor.stop();
  return { monitor, alerts };
}

const minutes = (count: number, heap: (minute: number) => number) =>
  Array.from({ length: count }, (_, minute) => heap(minute));

test('a heap whose floor rises all the time is told of as a leak, once', () => {
  const { monitor, alerts } = seen(minutes(40, (minute) => 100 + 2 * minute + 30 * (minute % 3)));
  expect(monitor.getStats()).toMatchObject({ trend: 'growing', leakDetected: true, samples: 40 });
  expect(monitor.getStats().growthPerMinute / MB).toBeCloseTo(2, 0);
  expect(alerts.map(({ kind }) => kind)).toEqual(['leak']);
});

test('the saw teeth of garbage collection are no leak', () => {
  const { monitor, alerts } = seen(minutes(40, (minute) => 100 + 20 * (minute % 5)));
  expect(monitor.getStats()).toMatchObject({ trend: 'stable', leakDetected: false });
  expect(alerts).toEqual([]);
});

test('a process that warms up and then stays is no leak', () => {
  expect(seen(minutes(40, (minute) => Math.min(150, 80 + 10 * minute))).monitor.getStats().leakDetected).toBe(false);
});

test('too few samples say nothing', () => {
  expect(seen([10, 100, 1_000], 10_000).monitor.getStats()).toMatchObject({ trend: 'stable', leakDetected: false });
});

test('a heap near and over its limit is told of each time that begins, and is unhealthy over it', () => {
  const { monitor, alerts } = seen([50, 90, 91, 50, 90, 120], 100);
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
