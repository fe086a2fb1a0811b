import { addDays, beginOf, daysBetween, type LocalDay, type Unit } from '../analytics/index.ts';
import type { About, Chart, Column, Ranking, ReportKind, Timeline, Totals } from './kinds/kind.ts';
import type { Cell, ChartPoint, DocumentChart, DocumentFigure } from './render/document.ts';

/** What a report tells above and below its rows, gathered while they pass: nothing of it grows with their number. */
export class Digest {
  readonly #kind: ReportKind;
  readonly #totals: Record<string, number>;
  readonly #charts: readonly ChartDigest[];
  #rows = 0;

  constructor(kind: ReportKind, about: Pick<About, 'from' | 'until'>) {
    this.#kind = kind;
    this.#totals = Object.fromEntries(kind.columns.filter(isSummed).map(({ key }) => [key, 0]));
    this.#charts = kind.charts.map((chart) => chartDigest(chart, about));
  }

  /** Takes a row in. @returns its cells */
  add(row: unknown): Cell[] {
    this.#rows += 1;
    for (const chart of this.#charts) chart.add(row);
    return this.#kind.columns.map((column) => this.#addCell(column, column.of(row)));
  }

  get rows(): number {
    return this.#rows;
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** A cell for each column. */
  get totalCells(): Cell[] {
    return this.#kind.columns.map(({ key }) => this.#totals[key] ?? null);
  }

  get figures(): DocumentFigure[] {
    return this.#kind.figures.map((figure) => {
      const { label, type } = figure;
      return { label, type, value: figure.of(this.#totals, this.#rows) };
    });
  }

  get charts(): DocumentChart[] {
    return this.#kind.charts.map(({ title, shape, type }, index) => {
      const digest = this.#charts[index];
      const isBy = digest?.unit === undefined ? '' : ` by ${digest.unit}`;
      return { title: `${title}${isBy}`, shape, type, points: digest?.points() ?? [] };
    });
  }

  #addCell({ key, isSummed: summed }: Column<unknown>, cell: Cell): Cell {
    if (summed !== true || typeof cell !== 'number') return cell;
    const sum = (this.#totals[key] ?? 0) + cell;
    if (!Number.isSafeInteger(sum)) throw new RangeError(`The sum of ${key} is not an exact number any more`);
    this.#totals[key] = sum;
    return cell;
  }
}

const isSummed = (column: Column<unknown>): boolean => column.isSummed === true;

interface ChartDigest {
  /** For what each point stands, on a timeline. */
  readonly unit?: Unit;
  add(row: unknown): void;
  points(): ChartPoint[];
}

const chartDigest = (chart: Chart<unknown>, { from, until }: Pick<About, 'from' | 'until'>): ChartDigest =>
  chart.shape === 'timeline' ? timelineDigest(chart, from, until) : rankingDigest(chart);

/** Up to so many days a point stands for each, then for a week, and beyond a year for a month. */
const DAILY = 92;
const WEEKLY = 366;

function timelineDigest(chart: Timeline<unknown>, from: LocalDay, until: LocalDay): ChartDigest {
  const days = daysBetween(from, until);
  const unit: Unit = days <= DAILY ? 'day' : days <= WEEKLY ? 'week' : 'month';
  const sums = new Map<LocalDay, number>();
  for (let day = from; day < until; day = addDays(day, 1)) sums.set(beginOf(day, unit), 0);
  return {
    unit,
    add(row) {
      const { day, value } = chart.of(row);
      const begin = beginOf(day, unit);
      sums.set(begin, (sums.get(begin) ?? 0) + value);
    },
    // The first week or month may have begun before the first day that is told of.
    points: () => Array.from(sums, ([day, value]) => ({ label: labelOf(day < from ? from : day, unit), value })),
  };
}

const formats: Readonly<Record<Unit, Intl.DateTimeFormat>> = {
  day: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }),
  week: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }),
  month: new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric', timeZone: 'UTC' }),
};

const labelOf = (day: LocalDay, unit: Unit): string => formats[unit].format(new Date(`${day}T00:00:00Z`));

const LONGEST = 10;
/** Of more labels than this the least are dropped: by then they have no hope of a place among the first. */
const MAX_LABELS = 10_000;

function rankingDigest(chart: Ranking<unknown>): ChartDigest {
  let sums = new Map<string, number>();
  const best = (count: number) =>
    Array.from(sums)
      .toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, count);
  return {
    add(row) {
      const { label, value } = chart.of(row);
      sums.set(label, (sums.get(label) ?? 0) + value);
      if (sums.size > 2 * MAX_LABELS) sums = new Map(best(MAX_LABELS));
    },
    points: () =>
      best(LONGEST)
        .filter(([, value]) => value > 0)
        .map(([label, value]) => ({ label: label === '' ? '(none)' : label, value })),
  };
}
