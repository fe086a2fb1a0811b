import type { QueryFilter } from 'mongoose';
import type { ScopedModel } from '../../platform/database/collection.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { Cursors } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import type { Page } from '../../shared/page.ts';
import type { MerchantProduct } from './product.model.ts';
import { CARD_FIELDS, presentCard, type CardRow } from './product.presenter.ts';
import type { ProductCard, SearchQuery } from './product.schema.ts';

/** Matches that are ranked. Who finds more than that has to ask more precisely: nobody pages so far. */
const MAX_RANKED = 500;

interface Match {
  readonly _id: Id;
  readonly score: number;
}

/**
 * One page of the matches of a text, best first, ties by id. Ranks here and not in the database, whose sort by score
 * would hold whole documents in memory; costs two queries: ids with their scores, then the page's products.
 */
export async function searchPage(
  products: ScopedModel<MerchantProduct>,
  cursors: Cursors,
  merchantId: Id,
  { q, limit, cursor }: SearchQuery,
  access: Access,
): Promise<Page<ProductCard>> {
  const list = JSON.stringify(['products.search', access.scope, merchantId, q]);
  const filter: QueryFilter<MerchantProduct> = { merchantId, $text: { $search: q } };
  const matches = await products
    .find(filter, { _id: 1, score: { $meta: 'textScore' } }, access)
    .limit(MAX_RANKED)
    .lean<Match[]>();
  const ranked = matches.toSorted(byRank);
  const remaining = cursor === undefined ? ranked : ranked.filter(behind(cursors.decode(list, cursor) as Position));
  const shown = remaining.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = remaining.length > limit && last !== undefined;
  const data = shown.length === 0 ? [] : await loadCards(products, shown, access);
  return { data, page: { nextCursor: hasMore ? cursors.encode(list, positionOf(last)) : null, hasMore } };
}

async function loadCards(
  products: ScopedModel<MerchantProduct>,
  matches: readonly Match[],
  access: Access,
): Promise<ProductCard[]> {
  const ids = matches.map(({ _id }) => _id);
  const rows = await products
    .find({ _id: { $in: ids } }, CARD_FIELDS, access)
    .limit(ids.length)
    .lean<CardRow[]>();
  const byId = new Map(rows.map((row) => [Id.encode(row._id), row]));
  return ids.flatMap((id) => {
    const row = byId.get(Id.encode(id));
    // Taken off sale between the two queries.
    return row === undefined ? [] : [presentCard(row)];
  });
}

type Position = readonly [score: number, id: string];

const positionOf = ({ score, _id }: Match): Position => [score, Id.encode(_id)];

const byRank = (a: Match, b: Match): number => b.score - a.score || (Id.encode(a._id) < Id.encode(b._id) ? -1 : 1);

const behind =
  ([score, id]: Position) =>
  (match: Match): boolean =>
    match.score < score || (match.score === score && Id.encode(match._id) > id);
