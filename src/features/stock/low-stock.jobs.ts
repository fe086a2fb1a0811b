import { z } from 'zod';
import type { EventRow } from '../../platform/outbox/event.ts';
import { requestJob, type JobContract, type JobRequest } from '../../platform/queue/job.ts';
import { Id } from '../../shared/ids.ts';
import { Sku } from '../catalog/index.ts';

const LowStockCheck = z.strictObject({ eventId: Id, merchantId: Id, skus: z.array(Sku) });

export const checkLowStock: JobContract<typeof LowStockCheck> = {
  queue: 'stock',
  name: 'stock.check-low',
  payload: LowStockCheck,
  idOf: ({ eventId }) => `stock.check-low-${Id.encode(eventId)}`,
};

interface StockMoved {
  readonly _id: EventRow['_id'];
  readonly data: { readonly merchantId: Id };
}

/** A look whether what an event has moved runs low: sales must not wait for it. */
export const requestLowStockCheck = ({ _id, data }: StockMoved, skus: readonly string[]): JobRequest =>
  requestJob(checkLowStock, { eventId: _id, merchantId: data.merchantId, skus: [...new Set(skus)] });
