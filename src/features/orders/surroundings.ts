import type { Id } from '../../shared/ids.ts';

/** Who buys, as far as orders must know: by hexadecimal id. Who is gone is left out. */
export interface Customers {
  findCards(ids: readonly Id[]): Promise<ReadonlyMap<string, { readonly name: string; readonly email: string }>>;
}

/** Who sells; undefined if there is no such store. */
export interface Stores {
  findStore(merchantId: Id): Promise<{ readonly name: string } | undefined>;
}
