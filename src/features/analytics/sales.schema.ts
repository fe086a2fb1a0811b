import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import { Money } from '../../shared/money.ts';
import { TimeZone } from '../../shared/time.ts';
import { askedPeriod } from './period.ts';

/** The longest period of each unit. */
export const MAX_DAYS = { day: 366, week: 732, month: 1_830 } as const;
const LocalDay = z.iso.date();

export const SalesQuery = z.strictObject({
  unit: z.enum(['day', 'week', 'month']).default('day'),
  ...askedPeriod(),
});
export type SalesQuery = z.output<typeof SalesQuery>;

const sums = { orders: z.int(), revenue: Money, averageOrder: Money };

export const SalesSeries = z
  .strictObject({
    unit: z.enum(['day', 'week', 'month']),
    timeZone: TimeZone,
    from: LocalDay,
    until: LocalDay,
    total: z.strictObject(sums),
    series: z.array(z.strictObject({ begins: LocalDay, ...sums })),
    topProducts: z.array(z.strictObject({ productId: Id, title: z.string(), quantity: z.int(), revenue: Money })),
  })
  .meta({ id: 'SalesSeries', description: 'Orders that were paid, by day, week or month; empty ones are there too.' });
export type SalesSeries = z.input<typeof SalesSeries>;
