import type { Sender } from '../../platform/mail/brand.ts';
import type { Id } from '../../shared/ids.ts';

/** Who buys, as far as orders must know: by hexadecimal id. Who is gone is left out. */
export interface Customers {
  findCards(ids: readonly Id[]): Promise<ReadonlyMap<string, Customer>>;
  /** How to reach one of them about an order. */
  findAddressee(id: Id): Promise<Addressee | undefined>;
}

export interface Addressee extends Customer {
  /** A number in E.164 for text messages; null unless they asked for them. */
  readonly textsTo: string | null;
}

export interface Customer {
  readonly name: string;
  readonly email: string;
  /** In which language to write; null for the store's. */
  readonly locale: string | null;
}

/** Who sells; undefined if there is no such store. */
export interface Stores {
  findStore(merchantId: Id): Promise<Sender | undefined>;
}
