import type { IndexDefinition } from '../catalog/index-definition.ts';
import type { IndexBounds } from './bounds.ts';
import type { Interval } from './interval.ts';

/** Pairs of path and direction, as a sort names them. */
export type SortFields = readonly (readonly [path: string, direction: 1 | -1])[];

/** How an index gives the order that a sort asks for. */
export interface ProvidedOrder {
  readonly direction: 1 | -1;
  readonly isMerged: boolean;
}

const MOST_MERGED_RANGES = 200;

/** Whether, and read in which direction, an index within these bounds yields documents in the order of `sort`. */
export function providedOrder(
  index: IndexDefinition,
  bounds: IndexBounds,
  sort: SortFields,
): ProvidedOrder | undefined {
  if (index.hasLongKeys) return undefined;
  const walk = new SortWalk(index, bounds, sort);
  for (let position = 0; position < index.fields.length && !walk.isComplete; position++) {
    if (!walk.step(position)) return undefined;
  }
  return walk.result();
}

/** Follows the fields of an index and of a sort side by side. */
class SortWalk {
  readonly #index: IndexDefinition;
  readonly #bounds: IndexBounds;
  readonly #sort: SortFields;
  #next = 0;
  #direction: 1 | -1 | undefined;
  /** Number of ranges that the multi-point fields before the sort multiply to. */
  #ranges = 1;

  constructor(index: IndexDefinition, bounds: IndexBounds, sort: SortFields) {
    this.#index = index;
    this.#bounds = bounds;
    this.#sort = sort;
  }

  get isComplete(): boolean {
    return this.#next >= this.#sort.length;
  }

  /** Takes in one field of the index; false where the order ends there. */
  step(position: number): boolean {
    const field = this.#index.fields[position];
    const wanted = this.#sort[this.#next];
    if (field === undefined || wanted === undefined) return false;
    const intervals = this.#bounds.fields[position]?.intervals ?? [];
    const isConstant = isSinglePoint(intervals);
    if (field.path === wanted[0]) {
      this.#next += 1;
      return isConstant || this.#turn(field.path, wanted[1] * field.direction === 1 ? 1 : -1);
    }
    return isConstant || this.#multiply(intervals);
  }

  /** A field of several single values before the sort: one range for each, to be merged. */
  #multiply(intervals: readonly Interval[]): boolean {
    this.#ranges *= intervals.length;
    const isBefore = this.#next === 0 && intervals.every(({ isPoint }) => isPoint);
    return isBefore && this.#ranges <= MOST_MERGED_RANGES;
  }

  result(): ProvidedOrder | undefined {
    this.#skipRemainingConstants();
    if (!this.isComplete) return undefined;
    return { direction: this.#direction ?? 1, isMerged: this.#ranges > 1 };
  }

  #turn(path: string, direction: 1 | -1): boolean {
    if (isThroughArray(this.#index, path)) return false;
    this.#direction ??= direction;
    return this.#direction === direction;
  }

  /** What is the same in all documents cannot change their order. */
  #skipRemainingConstants(): void {
    const constants = new Set(
      this.#index.paths.filter((_, position) => {
        return isSinglePoint(this.#bounds.fields[position]?.intervals ?? []);
      }),
    );
    while (!this.isComplete && constants.has(this.#sort[this.#next]?.[0] ?? '')) this.#next += 1;
  }
}

function isThroughArray(index: IndexDefinition, path: string): boolean {
  for (const prefix of index.arrayPaths) if (path === prefix || path.startsWith(`${prefix}.`)) return true;
  return false;
}

function isSinglePoint(intervals: readonly Interval[]): boolean {
  return intervals.length === 1 && intervals[0]?.isPoint === true;
}
