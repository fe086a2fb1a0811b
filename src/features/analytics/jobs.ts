import { ingestAnalytics } from '../../platform/queue/analytics.jobs.ts';
import { jobHandler, type JobHandler } from '../../platform/queue/job.ts';
import type { AnalyticsEvent } from '../../platform/queue/outlets.ts';
import type { Id } from '../../shared/ids.ts';
import type { MerchantScope } from '../../shared/scope.ts';
import type { EventStore } from './event.store.ts';
import { rollEvents } from './analytics.schedules.ts';
import { countOrder, eventsOfOrder, type CountedOrder } from './order.statistics.ts';
import type { Rollups } from './rollups.ts';

export interface AnalyticsJobDeps {
  readonly store: Pick<EventStore, 'append'>;
  readonly rollups: Pick<Rollups, 'roll'>;
  readonly orders: {
    findView(orderId: Id, access: { readonly scope: MerchantScope }): Promise<CountedOrder | undefined>;
  };
}

/** So many batches wait to be rolled up together, while there is traffic. */
const ROLL_AFTER = 20;

/** For the `analytics` worker. */
export function analyticsJobs({ store, rollups, orders }: AnalyticsJobDeps): readonly JobHandler[] {
  const take = async (events: readonly AnalyticsEvent[], signal: AbortSignal): Promise<void> => {
    const { behind } = await store.append(events);
    // A step costs about the same for one batch as for many: few wait for others, or for the next minute.
    if (behind >= ROLL_AFTER) await rollups.roll(signal);
  };
  return [
    jobHandler({ contract: ingestAnalytics, handle: ({ events }, signal) => take(events.map(withoutGaps), signal) }),
    jobHandler({ contract: rollEvents, handle: (_nothing, signal) => rollups.roll(signal) }),
    jobHandler({
      contract: countOrder,
      async handle({ merchantId, orderId, what }, signal) {
        const order = await orders.findView(orderId, { scope: { kind: 'merchant', merchantId } });
        if (order !== undefined) await take(eventsOfOrder(order, what), signal);
      },
    }),
  ];
}

type Tracked = Parameters<typeof ingestAnalytics.idOf>[0]['events'][number];

function withoutGaps({ subjectId, actorId, value, ...event }: Tracked): AnalyticsEvent {
  return {
    ...event,
    ...(subjectId !== undefined && { subjectId }),
    ...(actorId !== undefined && { actorId }),
    ...(value !== undefined && { value }),
  };
}
