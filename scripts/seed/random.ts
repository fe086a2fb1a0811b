import { ObjectId } from 'mongodb';

/** Numbers that look random and are the same for the same seed (mulberry32). Not for secrets. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 to below `below`. */
  readonly below = (below: number): number => Math.floor(this.next() * below);

  /** An integer, both ends included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new RangeError('Nothing to pick from');
    return picked;
  }

  /** Some of a list, each at most once. */
  some<T>(list: readonly T[], count: number): T[] {
    const rest = [...list];
    return Array.from({ length: Math.min(count, rest.length) }, () => rest.splice(this.below(rest.length), 1)).flat();
  }

  /** An id that was made at a moment, as those of the driver are. */
  id(at: Date): ObjectId {
    const seconds = Math.floor(at.getTime() / 1_000);
    const hex = [seconds, this.below(2 ** 32), this.below(2 ** 32)].map((part) => part.toString(16).padStart(8, '0'));
    return ObjectId.createFromHexString(hex.join(''));
  }
}

/** Draws indexes in proportion to weights, by bisection of their running sum. */
export class Weighted {
  readonly #sums: readonly number[];

  constructor(weights: readonly number[]) {
    let sum = 0;
    this.#sums = weights.map((weight) => (sum += weight));
  }

  draw(random: Random): number {
    const wanted = random.next() * (this.#sums.at(-1) ?? 0);
    let [from, to] = [0, this.#sums.length - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#sums[middle] ?? 0) > wanted) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}

/** Weights by Zipf's law: a few take most. */
export const zipf = (count: number, exponent: number): number[] =>
  Array.from({ length: count }, (_, rank) => 1 / (rank + 1) ** exponent);

/** Splits a whole into integers in proportion to weights; each gets one at least, and they add up. */
export function split(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const parts = weights.map((weight) => Math.max(1, Math.floor((total * weight) / sum)));
  const left = total - parts.reduce((all, part) => all + part, 0);
  return parts.map((part, index) => (index === 0 ? part + left : part));
}
