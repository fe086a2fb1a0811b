/** One figure of a benchmark: the median of its runs. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  /** What must be reached, in words. */
  readonly target: string;
  /** `undefined` for a figure that others are held against. */
  readonly met: boolean | undefined;
  /** What it was held against in the same run. */
  readonly baseline?: number | undefined;
}

/** How a figure is judged. */
export interface Target {
  readonly text: string;
  readonly isMet: (value: number) => boolean;
}

export const atLeast = (limit: number, text = `>= ${String(Math.round(limit))}`): Target => ({
  text,
  isMet: (value) => value >= limit,
});

export const below = (limit: number, text = `< ${String(limit)}`): Target => ({
  text,
  isMet: (value) => value < limit,
});

export function figure(
  name: string,
  unit: string,
  runs: readonly number[],
  target?: Target,
  baseline?: number,
): Figure {
  const sorted = runs.toSorted((a, b) => a - b);
  const value = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  return {
    name,
    value,
    min: sorted[0] ?? NaN,
    max: sorted.at(-1) ?? NaN,
    unit,
    target: target?.text ?? '',
    met: target?.isMet(value),
    ...(baseline === undefined ? {} : { baseline }),
  };
}

const isJson = process.argv.includes('--json');

/** Prints a table, or with `--json` an array of figures. */
export function print(figures: readonly Figure[]): void {
  if (isJson) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
  else printTable(figures);
}

/**
 * For what takes minutes: figures are shown as they come, so that whoever stops in the middle has those until then. With `--json` they
 * are printed in one piece at the end, and shown beside.
 */
export function reporter() {
  const told: Figure[] = [];
  return {
    tell(figures: readonly Figure[]): void {
      told.push(...figures);
      if (!isJson) printTable(figures);
      else for (const { name, value, unit } of figures) process.stderr.write(`${name}: ${short(value)} ${unit}\n`);
    },
    end(): void {
      if (isJson) print(told);
    },
  };
}

function printTable(figures: readonly Figure[]): void {
  const rows = figures.map(({ name, value, min, max, unit, target, met, baseline }) => [
    name,
    `${short(value)} ${unit}`,
    `${short(min)} - ${short(max)}`,
    baseline === undefined ? '' : short(baseline),
    target,
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]);
  const table = [['figure', 'median', 'min - max', 'baseline', 'target', ''], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table)
    process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`);
}

function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(2);
}

/** The value below which a share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
