import { inventory } from './inventory.kind.ts';
import type { ReportKind } from './kind.ts';
import { orders } from './orders.kind.ts';
import { products } from './products.kind.ts';
import { sales } from './sales.kind.ts';

/** Every kind of report, by the name that the API has for it. A new one is its file and a line here. */
export const kinds = { sales, orders, inventory, products } satisfies Readonly<Record<string, ReportKind>>;

export type KindName = keyof typeof kinds;
export const KIND_NAMES = Object.keys(kinds) as readonly KindName[];

export const isKindName = (name: string): name is KindName => Object.hasOwn(kinds, name);
