/** How a cell is written: sums are in minor units, days as `2026-03-02`, moments in milliseconds since 1970. */
export type CellType = 'day' | 'integer' | 'moment' | 'money' | 'text';
export type Cell = number | string | null;

export interface DocumentColumn {
  readonly label: string;
  readonly type: CellType;
  /** Its share of the page's width, beside the others'. */
  readonly width: number;
}

export interface DocumentFigure {
  readonly label: string;
  readonly type: CellType;
  readonly value: number;
}

export interface ChartPoint {
  readonly label: string;
  readonly value: number;
}

export interface DocumentChart {
  readonly title: string;
  /** `timeline`: from left to right as it comes. `ranking`: a bar for each, the longest on top. */
  readonly shape: 'ranking' | 'timeline';
  readonly type: 'integer' | 'money';
  readonly points: readonly ChartPoint[];
}

/**
 * A report but for its rows, as plain data: what a thread is handed, and all that a format needs to know. The rows lie in a
 * file, one JSON array of cells a line, since there may be more of them than fit into memory.
 */
export interface ReportDocument {
  readonly title: string;
  /** What time it tells of, in words. */
  readonly period: string;
  readonly storeName: string;
  /** `#rrggbb` of the store. */
  readonly accentColor: string | null;
  /** ISO 4217, of all sums. */
  readonly currency: string;
  /** IANA, of all days and moments. */
  readonly timeZone: string;
  /** In milliseconds since 1970. */
  readonly madeAt: number;
  readonly columns: readonly DocumentColumn[];
  readonly rows: number;
  /** A cell for each column, null where there is nothing to add up; the first that is null says so. */
  readonly totals: readonly Cell[];
  readonly figures: readonly DocumentFigure[];
  readonly charts: readonly DocumentChart[];
}
