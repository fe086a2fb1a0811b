import type { Id } from './ids.ts';

/** A walk through many rows that may take longer than one run: where it begins, and whom it tells how far it is. */
export interface Walk {
  /** Behind which id to go on; undefined for one that begins. */
  readonly after: Id | undefined;
  /** All up to this one is done. */
  passed(id: Id): Promise<void>;
}
