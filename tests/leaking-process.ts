import { setImmediate } from 'node:timers/promises';
import { MemoryMonitorService } from '../src/platform/observability/memory.ts';

/** For memory.test.ts: a process whose heap is its own. Twelve times it lets go of 4 MB, then it keeps them, and says each time whether it leaks. */
const ROUNDS = 12;
const NUMBERS = 500_000;

const monitor = new MemoryMonitorService();
const kept: number[][] = [];
monitor.initialize({ interval: 3_600_000 });
for (const keeps of [false, true]) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const numbers = Array.from({ length: NUMBERS }, (_, index) => index);
    if (keeps) kept.push(numbers);
    const told = monitor.getStats().collections;
    monitor.forceGC();
    while (monitor.getStats().collections === told) {
      await setImmediate();
      monitor.sample();
    }
  }
  process.stdout.write(`${String(keeps)} ${String(monitor.getStats().leakDetected)} ${String(kept.length)}\n`);
}
monitor.stop();
