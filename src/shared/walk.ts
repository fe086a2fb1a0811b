import type { Id } from './ids.ts';

/** What was found, by its name, in numbers that add up. */
export type Findings = Readonly<Record<string, number>>;

/** A walk through many rows that may take longer than one run: where it begins, and whom it tells how far it is. */
export interface Walk {
  /** Behind which id to go on; undefined for one that begins. */
  readonly after: Id | undefined;
  /** All up to this one is done. @param found all that this run has found so far: it is kept with the place */
  passed(id: Id, found: Findings): Promise<void>;
}
