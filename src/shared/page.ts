import { z } from 'zod';

/** The query of every list read by cursor. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().min(1).max(512).optional(),
});
export type PageQuery = z.output<typeof PageQuery>;

/** One page of a list of unknown length; `nextCursor` is null on the last. */
export interface Page<T> {
  readonly data: T[];
  readonly page: { readonly nextCursor: string | null; readonly hasMore: boolean };
}

/** Schema of a page of `item`. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({
    data: z.array(item),
    page: z.strictObject({ nextCursor: z.string().nullable(), hasMore: z.boolean() }),
  });

/** The query of an admin table, read by page number. Deep pages are refused: skipping costs the database each row. */
export const OffsetQuery = z.strictObject({
  page: z.coerce.number().int().min(1).max(1_000).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export type OffsetQuery = z.output<typeof OffsetQuery>;

/** One numbered page with totals. */
export interface OffsetPage<T> {
  readonly data: T[];
  readonly page: { readonly number: number; readonly limit: number; readonly total: number; readonly pages: number };
}

/** Schema of a numbered page of `item`. */
export const offsetPageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({
    data: z.array(item),
    page: z.strictObject({ number: z.int(), limit: z.int(), total: z.int(), pages: z.int() }),
  });
