import { z } from 'zod';
import { TimeZone } from '../../shared/time.ts';
import { ProductCard } from '../catalog/index.ts';
import { askedPeriod } from './period.ts';

/** The longest period of each unit. */
export const MAX_TRAFFIC_DAYS = { hour: 31, day: 366 } as const;

const LocalDay = z.iso.date();

export const TrafficQuery = z.strictObject({
  unit: z.enum(['day', 'hour']).default('day'),
  ...askedPeriod('30 days back, 2 where it is by hours,'),
});
export type TrafficQuery = z.output<typeof TrafficQuery>;

const counts = { views: z.int(), orders: z.int() };

export const TrafficSeries = z
  .strictObject({
    unit: z.enum(['day', 'hour']),
    timeZone: TimeZone,
    from: LocalDay,
    until: LocalDay,
    total: z.strictObject({
      ...counts,
      conversion: z.number().meta({ description: 'Orders a view; 0 without views' }),
    }),
    series: z.array(z.strictObject({ begins: z.string(), ...counts })),
  })
  .meta({
    id: 'TrafficSeries',
    description:
      "Views of products and orders placed, by the store's days, or by hours of UTC; empty ones are there too.",
  });
export type TrafficSeries = z.input<typeof TrafficSeries>;

export const TrendingQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(50).default(10) });

export const TrendingProducts = z
  .strictObject({
    data: z.array(
      z.strictObject({
        product: ProductCard,
        score: z.number().meta({ description: 'How many views of this moment its views and orders amount to' }),
      }),
    ),
  })
  .meta({ id: 'TrendingProducts' });
export type TrendingProducts = z.input<typeof TrendingProducts>;
