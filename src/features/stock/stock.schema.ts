import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import { pageOf } from '../../shared/page.ts';
import { Timestamp } from '../../shared/time.ts';
import { Sku } from '../catalog/index.ts';

const MAX_QUANTITY = 10_000_000;

/** How much of a variant may lie at one place. */
const Quantity = z.int().min(0).max(MAX_QUANTITY);

export const CreateLocation = z.strictObject({ name: z.string().trim().min(1).max(80) }).meta({ id: 'CreateLocation' });
export type CreateLocation = z.output<typeof CreateLocation>;

export const LocationView = z
  .strictObject({ id: Id, name: z.string(), createdAt: Timestamp })
  .meta({ id: 'StockLocation', description: 'A place from which a merchant sells; orders go to the oldest first.' });
export type LocationView = z.input<typeof LocationView>;
export const LocationPage = pageOf(LocationView).meta({ id: 'StockLocationPage' });

/** Left out, the threshold stays as it is; null ends the watch. */
export const SetStock = z
  .strictObject({ available: Quantity, lowStockAt: Quantity.nullable().optional() })
  .meta({ id: 'SetStock' });
export type SetStock = z.output<typeof SetStock>;

export const AdjustStock = z
  .strictObject({
    change: z
      .int()
      .min(-MAX_QUANTITY)
      .max(MAX_QUANTITY)
      .refine((change) => change !== 0, 'must not be 0'),
  })
  .meta({ id: 'AdjustStock' });

export const StockView = z
  .strictObject({ sku: Sku, locationId: Id, available: Quantity, lowStockAt: Quantity.nullable(), version: z.int() })
  .meta({ id: 'StockLevel' });
export type StockView = z.input<typeof StockView>;
export const StockPage = pageOf(StockView).meta({ id: 'StockPage' });
