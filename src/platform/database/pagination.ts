import { Types, type QueryFilter, type Schema, type SchemaType } from 'mongoose';
import type { Id } from '../../shared/ids.ts';
import type { OffsetPage, OffsetQuery, Page, PageQuery } from '../../shared/page.ts';
import type { CursorPosition, Cursors } from '../security/cursors.ts';
import type { ScopedModel } from './collection.ts';
import { behindPosition } from './keyset.ts';
import type { Access } from './scoped.ts';

type Direction = -1 | 1;
type Sort = Readonly<Record<string, Direction>>;
type Filter = Record<string, unknown>;

/** What a list asks; an index must serve `filter` and then `sort`. */
export interface ListQuestion<T> {
  readonly filter: QueryFilter<T>;
  /** The fields to load. Those of the sort are loaded as well. */
  readonly fields: Readonly<Record<string, 0 | 1>>;
  /** Ties are ordered by `_id`, in the direction of the last field. */
  readonly sort: Sort;
}

export interface CursorList<T> extends ListQuestion<T> {
  /** Names the question, so that no cursor is taken for that of another list: `orders.newest`. */
  readonly list: string;
  readonly page: PageQuery;
}

/**
 * One page of a list, from a cursor on. Costs one query whatever the depth, and neither repeats nor skips a row that
 * stays in place while others come and go.
 * @throws Problem `invalid-cursor`
 */
export async function paginateCursor<T, Row extends { _id: Id }>(
  model: ScopedModel<T>,
  { filter, fields, sort, list, page: { limit, cursor } }: CursorList<T>,
  cursors: Cursors,
  access: Access,
): Promise<Page<Row>> {
  const keys = withTieBreak(sort);
  const owner = JSON.stringify([list, access.scope, filter, keys]);
  const after = cursor === undefined ? undefined : filterAfter(model.schema, keys, cursors.decode(owner, cursor));
  // One more than is shown tells whether there is a next page, without counting.
  const wanted = { fields: withSortKeys(fields, keys), sort: keys, limit: limit + 1 };
  const found = await model.findRows<Row>(after === undefined ? filter : { $and: [filter, after] }, wanted, access);
  const data = found.slice(0, limit);
  const last = data.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return { data, page: { nextCursor: hasMore ? cursors.encode(owner, positionOf(last, keys)) : null, hasMore } };
}

export interface OffsetList<T> extends ListQuestion<T> {
  readonly page: OffsetQuery;
}

/** One numbered page with totals, for admin tables: each page costs the rows before it, and rows move between pages. */
export async function paginateOffset<T, Row>(
  model: ScopedModel<T>,
  { filter, fields, sort, page: { page: number, limit } }: OffsetList<T>,
  access: Access,
): Promise<OffsetPage<Row>> {
  const find = () =>
    model
      .find(filter, { ...fields }, access)
      .sort(withTieBreak(sort))
      .skip((number - 1) * limit)
      .limit(limit)
      .lean<Row[]>();
  const [data, total] = await Promise.all([find(), model.countDocuments(filter, access)]);
  return { data, page: { number, limit, total, pages: Math.ceil(total / limit) } };
}

function withTieBreak(sort: Sort): Sort {
  if ('_id' in sort) return sort;
  return { ...sort, _id: Object.values(sort).at(-1) ?? 1 };
}

/** A projection of 0s, which loads all but some, has the sort's fields already. */
function withSortKeys(fields: ListQuestion<unknown>['fields'], keys: Sort): Record<string, 0 | 1> {
  if (!Object.values(fields).includes(1)) return { ...fields };
  const loaded = Object.keys(fields);
  const missing = Object.keys(keys).filter(
    (key) => !loaded.some((field) => key === field || key.startsWith(`${field}.`)),
  );
  return { ...fields, ...Object.fromEntries(missing.map((key) => [key, 1 as const])) };
}

function positionOf(row: object, keys: Sort): CursorPosition {
  return Object.keys(keys).map((path) => {
    const value = path.split('.').reduce<unknown>((part, key) => (part as Filter | null | undefined)?.[key], row);
    if (value instanceof Date) return value.getTime();
    if (value instanceof Types.ObjectId) return value.toHexString();
    return (value ?? null) as CursorPosition[number];
  });
}

/** The rows behind a position, in the order of the keys. */
function filterAfter(schema: Schema, keys: Sort, position: CursorPosition): Filter {
  const entries = Object.entries(keys).map(([path, direction], index) => {
    return { path, direction, value: restore(schema, path, position[index] ?? null), isSet: isSet(schema, path) };
  });
  return behindPosition(entries);
}

const isSet = (schema: Schema, path: string): boolean =>
  path === '_id' || (schema.path(path) as SchemaType | undefined)?.options.required === true;

function restore(schema: Schema, path: string, value: CursorPosition[number]): unknown {
  if (value === null) return null;
  const kind = path === '_id' ? 'ObjectId' : (schema.path(path) as SchemaType | undefined)?.instance;
  if (kind === 'Date') return new Date(value as number);
  if (kind === 'ObjectId') return Types.ObjectId.createFromHexString(value as string);
  return value;
}
