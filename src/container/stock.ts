import { locationCollection, stockCollection } from '../features/stock/stock.model.ts';
import { StockReads } from '../features/stock/stock.reads.ts';
import { StockService } from '../features/stock/stock.service.ts';
import { StockStore } from '../features/stock/stock.store.ts';
import { Turns } from '../features/stock/turns.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

export function stockParts(parts: Parts, { database, now, transact, appendEvent, cursors }: Platform) {
  const levels = () => stockCollection.on(database().primary);
  const locations = () => locationCollection.on(database().primary);
  const stockStore = parts.part(() => new StockStore(levels(), locations()));
  const stockReads = parts.part(() => new StockReads(levels(), locations(), cursors()));
  const turns = parts.part(() => new Turns());
  return {
    stockStore,
    stockReads,
    turns,
    stock: parts.part(
      () =>
        new StockService({
          transact: transact(),
          appendEvent: appendEvent(),
          store: stockStore(),
          reads: stockReads(),
          turns: turns(),
          now,
        }),
    ),
  };
}
