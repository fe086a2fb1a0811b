import { DAY_MS } from '../../shared/time.ts';

/** What an event of a product is worth. */
export const WEIGHTS: Readonly<Record<string, number>> = { 'product.viewed': 1, 'product.ordered': 20 };

/** After which time an event is worth half. */
export const HALF_LIFE_MS = 3 * DAY_MS;

/** From which scores are reckoned. Far enough back for no score to be small, and good for 8 years before 2^1023. */
export const LANDMARK = new Date('2026-01-01T00:00:00Z');

/**
 * What an hour's events add to a score: weight x 2^((t - landmark) / half-life), t being the begin of the hour. It is
 * exponential decay seen from the landmark on instead of from now ("forward decay": Cormode, Shkapenyuk, Srivastava and
 * Xu, ICDE 2009): seen from now every score is smaller by one and the same factor, so that their order is that of
 * decayed scores at any moment and none ever has to be touched for growing old.
 */
export const scoreAt = (hour: Date, weight: number): number =>
  weight * 2 ** ((hour.getTime() - LANDMARK.getTime()) / HALF_LIFE_MS);

/** A score as it is now: how many views of this moment it amounts to. */
export const scoreNow = (score: number, now: Date): number => score / scoreAt(now, 1);

/** The same as an expression over rows with `hour`, `type` and `count`. */
export const scoreExpression = {
  $multiply: [
    '$count',
    {
      $switch: {
        branches: Object.entries(WEIGHTS).map(([type, weight]) => ({
          case: { $eq: ['$_id.type', type] },
          then: weight,
        })),
        default: 0,
      },
    },
    { $pow: [2, { $divide: [{ $subtract: ['$_id.hour', LANDMARK] }, HALF_LIFE_MS] }] },
  ],
};
