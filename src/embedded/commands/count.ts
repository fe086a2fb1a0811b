import { decodeFields } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import { CommandError } from '../errors.ts';
import { countWithoutReading } from '../plan/count.ts';
import { Query, recordsOf } from '../plan/query.ts';
import { requestedCollation } from '../query/collation.ts';
import { okReply } from '../server/reply.ts';
import { countView, distinctView } from './aggregate.ts';
import { DistinctValues } from './distinct-values.ts';
import { collectionOf, viewOf, type Command, type CommandContext } from './context.ts';
import { filterOf } from './update.ts';

export const count: Command = async (context) => {
  const collection = collectionOf(context);
  const { body, operation } = context;
  const skip = numberOf(body.skip, 'skip');
  const limit = Math.abs(numberOf(body.limit, 'limit', true));
  if (collection === undefined) return okReply({ n: 0 });
  if (collection.isView) return countView(context, collection);
  const query = countQuery(context, collection);
  const known = countWithoutReading(query, viewOf(context), context.transaction !== undefined);
  if (known !== undefined) return okReply({ n: within(known, skip, limit) });
  let n = 0;
  for await (const found of recordsOf(query, operation)) {
    n += Number(found.recordId > 0);
    if (limit > 0 && n >= limit + skip) break;
  }
  return okReply({ n: within(n, skip, limit) });
};

function within(n: number, skip: number, limit: number): number {
  const rest = Math.max(0, n - skip);
  return limit > 0 ? Math.min(rest, limit) : rest;
}

export function countQuery(context: CommandContext, collection: Collection): Query {
  const { body } = context;
  return new Query(viewOf(context), collection, {
    filter: filterOf(body.query ?? {}, 'count.query'),
    hint: body.hint,
    collation: requestedCollation(body.collation),
  });
}

export const distinct: Command = async (context) => {
  const { body, operation } = context;
  const { key } = body;
  if (typeof key !== 'string') throw keyFault(key);
  const collection = collectionOf(context);
  if (collection === undefined) return okReply({ values: [] });
  if (collection.isView) return distinctView(context, collection, key);
  const query = distinctQuery(context, collection);
  const values = new DistinctValues(query.collation);
  const field = new Set([key.split('.', 1)[0] ?? key]);
  for await (const { bytes } of recordsOf(query, operation)) values.addFrom(decodeFields(bytes, field), key);
  return okReply({ values: values.list });
};

export function distinctQuery(context: CommandContext, collection: Collection): Query {
  const { body } = context;
  return new Query(viewOf(context), collection, {
    filter: filterOf(body.query ?? {}, 'distinct.query'),
    hint: body.hint,
    collation: requestedCollation(body.collation),
  });
}

function numberOf(value: unknown, field: string, mayBeNegative = false): number {
  if (value === undefined || value === null) return 0;
  const number = Number(value);
  if (Number.isNaN(number))
    throw new CommandError('TypeMismatch', `BSON field 'count.${field}' is the wrong type, expected type 'number'`);
  if (number < 0 && !mayBeNegative)
    throw new CommandError(51024, `BSON field '${field}' value must be >= 0, actual value '${String(number)}'`);
  return number;
}

function keyFault(key: unknown): CommandError {
  if (key === undefined) return new CommandError(40414, "BSON field 'distinct.key' is missing but a required field");
  return new CommandError(
    'TypeMismatch',
    `BSON field 'distinct.key' is the wrong type '${typeof key}', expected type 'string'`,
  );
}
