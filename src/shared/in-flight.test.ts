import { describe, expect, it } from '@jest/globals';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { InFlight } from './in-flight.ts';

interface Held {
  add(item: object): unknown;
  delete(item: object): boolean;
}

/** How much of what went through is left in the space of old objects after a hundred collections of young ones, in MB. */
function leftBy(list: Held): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  collect();
  const before = oldMb();
  const under: object[] = [];
  for (let round = 0; round < 100; round += 1) {
    for (let each = 0; each < 100; each += 1) {
      const item = { answer: new Array<number>(1_000).fill(round) };
      list.add(item);
      under.push(item);
      if (under.length > 20) list.delete(under.shift() ?? item);
    }
    collect({ type: 'minor' });
  }
  return oldMb() - before;
}

const oldMb = (): number =>
  (getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? NaN) / 1e6;

describe('InFlight', () => {
  it('holds what is in it in the order of its coming, and each once however often it came', () => {
    const list = new InFlight<string>().add('a').add('b').add('a').add('c');
    expect([...list]).toEqual(['a', 'b', 'c']);
    expect(list.delete('a')).toBe(true);
    expect([...list]).toEqual(['b', 'c']);
    expect(list.delete('a')).toBe(false);
    expect(list.size).toBe(2);
  });

  it('tells whether one that is in it matches', () => {
    const list = new InFlight<number>().add(1).add(2);
    expect([list.some((each) => each > 1), list.some((each) => each > 2)]).toEqual([true, false]);
  });

  it('takes out the first that matches', () => {
    const list = new InFlight<number>().add(1).add(2).add(3);
    expect(list.take((each) => each > 1)).toBe(2);
    expect(list.take((each) => each > 9)).toBeUndefined();
    expect([...list]).toEqual([1, 3]);
  });

  it('lets those be taken out that are gone over', () => {
    const list = new InFlight<number>().add(1).add(2).add(3);
    const seen: number[] = [];
    for (const each of list) {
      seen.push(each);
      list.delete(each);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(list.size).toBe(0);
  });

  it('leaves nothing behind of what went through, where a Set leaves most of it until the whole heap is collected', () => {
    const bySet = leftBy(new Set());
    const byArray = leftBy(new InFlight());
    // 80 MB went through each.
    expect(byArray).toBeLessThan(bySet / 4);
  });
});
