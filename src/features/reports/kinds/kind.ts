import type { Access } from '../../../platform/database/scoped.ts';
import type { MerchantScope } from '../../../shared/scope.ts';
import type { LocalDay, SalesService } from '../../analytics/index.ts';
import type { ProductExports } from '../../catalog/index.ts';
import type { UserReads } from '../../identity/index.ts';
import type { OrderExports } from '../../orders/index.ts';
import type { StockExports } from '../../stock/index.ts';
import type { Cell, CellType } from '../render/document.ts';

/** Where reports have their rows from. */
export interface Sources {
  readonly sales: Pick<SalesService, 'getSeries'>;
  readonly orders: Pick<OrderExports, 'countPlaced' | 'streamPlaced' | 'streamSoldBySku'>;
  readonly customers: Pick<UserReads, 'findCards'>;
  readonly stock: Pick<StockExports, 'countLevels' | 'findLocations' | 'streamLevels'>;
  readonly products: Pick<ProductExports, 'findOfSkus' | 'streamAll'>;
}

/** What a report is about. */
export interface About {
  readonly access: Access & { readonly scope: MerchantScope };
  /** First day, in the store's time zone. */
  readonly from: LocalDay;
  /** The day after the last. */
  readonly until: LocalDay;
  /** The moments at which these days begin. */
  readonly begin: Date;
  readonly end: Date;
  readonly timeZone: string;
  /** The most rows that there may be. */
  readonly maxRows: number;
}

export interface Column<Row> {
  readonly key: string;
  readonly label: string;
  readonly type: CellType;
  /** Its share of a page's width, beside the others'. */
  readonly width: number;
  /** Whether its cells are added up below the table. */
  readonly isSummed?: boolean;
  of(row: Row): Cell;
}

/** Sums of the columns that are added up, by their keys. */
export type Totals = Readonly<Record<string, number>>;

export interface Figure {
  readonly label: string;
  readonly type: 'integer' | 'money';
  /** @param rows how many there are */
  of(totals: Totals, rows: number): number;
}

interface ChartBase {
  readonly title: string;
  readonly type: 'integer' | 'money';
}

/** How something went from day to day; many days are drawn by the week or month. */
export interface Timeline<Row> extends ChartBase {
  readonly shape: 'timeline';
  of(row: Row): { readonly day: LocalDay; readonly value: number };
}

/** Of what there was most. Values of one label are added up. */
export interface Ranking<Row> extends ChartBase {
  readonly shape: 'ranking';
  of(row: Row): { readonly label: string; readonly value: number };
}

export type Chart<Row> = Ranking<Row> | Timeline<Row>;

/** One kind of report: all that is particular of it. docs/reports.md tells how to add one. */
export interface ReportKind<Row = unknown> {
  readonly title: string;
  /** Whether it tells of a time, or of how things are when it is made. */
  readonly tells: 'now' | 'period';
  readonly columns: readonly Column<Row>[];
  /** Row by row, in a fixed order. */
  read(sources: Sources, about: About): AsyncIterable<Row>;
  /** How many rows there will be, where that is cheap to know: for progress, and to refuse too many at once. */
  count?(sources: Sources, about: About): Promise<number>;
  readonly figures: readonly Figure[];
  readonly charts: readonly Chart<Row>[];
}

/** Checks one kind against its own rows, then forgets their type: the table of kinds holds all of them. */
export function reportKind<Row>(kind: ReportKind<Row>): ReportKind {
  return kind;
}
