/** What is to be laid out on pages: blocks that stay whole, then a table with a header on each page. */
export interface Layout {
  /** Where the content of a page begins and ends, in points from its top. */
  readonly top: number;
  readonly bottom: number;
  /** Where the first block begins on the first page. */
  readonly start: number;
  /** Heights of the blocks, with the space below each. */
  readonly blocks: readonly number[];
  /** Of each row of the table, and of its header. */
  readonly rowHeight: number;
  readonly rows: number;
}

/** Where pages end. Known before anything is drawn, so that the first page can say how many there are. */
export interface PagePlan {
  /** Before which blocks a new page begins. */
  readonly breaksBefore: ReadonlySet<number>;
  /** Whether the table begins on a page of its own. */
  readonly isTableApart: boolean;
  readonly pages: number;
}

/** A header never stands without a row below it. */
const LEAST_ROWS = 2;

export function planPages({ top, bottom, start, blocks, rowHeight, rows }: Layout): PagePlan {
  const breaksBefore = new Set<number>();
  let y = start;
  for (const [index, height] of blocks.entries()) {
    if (y + height > bottom && y > top) {
      breaksBefore.add(index);
      y = top;
    }
    y += height;
  }
  const rowsFrom = (from: number): number => Math.floor((bottom - from) / rowHeight) - 1;
  const isTableApart = rowsFrom(y) < LEAST_ROWS;
  const left = Math.max(0, rows - rowsFrom(isTableApart ? top : y));
  const pages = 1 + breaksBefore.size + (isTableApart ? 1 : 0) + Math.ceil(left / rowsFrom(top));
  return { breaksBefore, isTableApart, pages };
}
