import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/*
 * Runs a file of ours in a process whose clock jumps at each SIGUSR2: an hour ahead, then an hour behind, then right
 * again. As when a system's clock is set, what is measured by `performance.now()` and timers goes on.
 */
const HOUR_MS = 3_600_000;
const shifts = [HOUR_MS, -HOUR_MS, 0];

const Real = Date;
let shiftMs = 0;
const now = (): number => Real.now() + shiftMs;

globalThis.Date = new Proxy(Real, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
});

process.on('SIGUSR2', () => {
  shiftMs = shifts.shift() ?? 0;
});

const [file = ''] = process.argv.splice(2, 1);
await import(pathToFileURL(resolve(import.meta.dirname, '../..', file)).href);
