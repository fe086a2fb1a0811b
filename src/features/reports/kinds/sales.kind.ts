import { daysBetween, type SalesService } from '../../analytics/index.ts';
import { reportKind, type About, type Sources } from './kind.ts';

type SalesDay = Awaited<ReturnType<SalesService['getSeries']>>['series'][number];

/** What was sold on each day: the same figures as `/merchant/analytics/sales`. */
export const sales = reportKind<SalesDay>({
  title: 'Sales',
  tells: 'period',
  columns: [
    { key: 'day', label: 'Day', type: 'day', width: 3, of: ({ begins }) => begins },
    { key: 'orders', label: 'Orders', type: 'integer', width: 2, isSummed: true, of: ({ orders }) => orders },
    { key: 'revenue', label: 'Revenue', type: 'money', width: 3, isSummed: true, of: ({ revenue }) => revenue.amount },
    { key: 'average', label: 'Average order', type: 'money', width: 3, of: averageOf },
  ],
  read: readDays,
  count: (_sources, { from, until }) => Promise.resolve(daysBetween(from, until)),
  figures: [
    { label: 'Revenue', type: 'money', of: ({ revenue = 0 }) => revenue },
    { label: 'Orders', type: 'integer', of: ({ orders = 0 }) => orders },
    {
      label: 'Average order',
      type: 'money',
      of: ({ revenue = 0, orders = 0 }) => (orders === 0 ? 0 : Math.round(revenue / orders)),
    },
  ],
  charts: [
    {
      title: 'Revenue',
      shape: 'timeline',
      type: 'money',
      of: ({ begins, revenue }) => ({ day: begins, value: revenue.amount }),
    },
  ],
});

/** Of a day without orders there is no average. */
function averageOf({ orders, averageOrder }: SalesDay): number | null {
  return orders === 0 ? null : averageOrder.amount;
}

async function* readDays({ sales: service }: Sources, { access, from, until }: About): AsyncGenerator<SalesDay> {
  yield* (await service.getSeries(access, { unit: 'day', from, until })).series;
}
