import { afterAll, expect, test } from '@jest/globals';

/** Notes a figure of this round. What is above its limit fails the test, after all figures of the round are known. */
export type Measure = (what: string, value: number, unit: string, limit: number) => void;

interface Figure {
  readonly worst: number;
  readonly unit: string;
  readonly limit: number;
}

/** Given by `npm run test:chaos -- --rounds N`. */
const ROUNDS = (globalThis as { readonly chaosRounds?: number }).chaosRounds ?? 1;

const figures = new Map<string, Figure>();

/** A test that is run as often as asked for; the worst of each figure is printed when all are done. */
export function inRounds(name: string, withinMs: number, run: (measure: Measure) => Promise<void>): void {
  test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
    `${name} (round %i)`,
    async () => {
      const missed: string[] = [];
      await run((what, value, unit, limit) => {
        const key = `${name.split(':', 1)[0] ?? name}: ${what}`;
        figures.set(key, { worst: Math.max(value, figures.get(key)?.worst ?? -Infinity), unit, limit });
        if (value > limit) missed.push(`${what}: ${shown(value)} ${unit}, at most ${shown(limit)}`);
      });
      expect(missed).toEqual([]);
    },
    withinMs,
  );
}

afterAll(() => {
  const lines = Array.from(figures, ([what, { worst, unit, limit }]) => {
    const verdict = worst <= limit ? 'met' : 'MISSED';
    return `${what.padEnd(64)} ${shown(worst).padStart(9)} ${unit.padEnd(6)} at most ${shown(limit)}: ${verdict}`;
  });
  if (lines.length > 0) process.stderr.write(`\nWorst of ${String(ROUNDS)} round(s)\n${lines.join('\n')}\n`);
});

const shown = (value: number): string => value.toFixed(Number.isInteger(value) ? 0 : 1);

/** The value below which the given share of the others lies, 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
