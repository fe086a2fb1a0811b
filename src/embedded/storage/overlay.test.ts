import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Overlay } from './overlay.ts';
import { EMPTY, HIGHEST, type Entry, type Range, type View } from './view.ts';

const TREE = 7;

/** A view over a plain map: what an overlay over a store must agree with. */
class MapView implements View {
  readonly #entries: ReadonlyMap<string, string>;

  constructor(entries: ReadonlyMap<string, string>) {
    this.#entries = entries;
  }

  get(_tree: number, key: Buffer): Buffer | undefined {
    const value = this.#entries.get(key.toString('latin1'));
    return value === undefined ? undefined : Buffer.from(value);
  }

  scan(_tree: number, { from, to, reverse, limit, keysOnly }: Range): Entry[] {
    const names = [...this.#entries.keys()].filter((name) => {
      const key = Buffer.from(name, 'latin1');
      return Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0;
    });
    const ordered = names.sort((a, b) => (a < b ? -1 : 1));
    if (reverse) ordered.reverse();
    return ordered.slice(0, limit).map((name) => ({
      key: Buffer.from(name, 'latin1'),
      value: keysOnly === true ? EMPTY : Buffer.from(this.#entries.get(name) ?? ''),
    }));
  }

  count(tree: number, from: Buffer, to: Buffer): number {
    return this.scan(tree, { from, to, reverse: false, limit: Infinity }).length;
  }
}

const key = fc.string({ minLength: 1, maxLength: 2, unit: fc.constantFrom('a', 'b', 'c', '\u00ff') });
const base = fc.dictionary(key, fc.string());
const changes = fc.array(fc.tuple(key, fc.option(fc.string())));

function build(
  below: Record<string, string>,
  over: [string, string | null][],
): { overlay: Overlay; view: View; model: View } {
  const overlay = new Overlay();
  const merged = new Map(Object.entries(below));
  for (const [name, value] of over) {
    overlay.set(TREE, Buffer.from(name, 'latin1'), value === null ? null : Buffer.from(value));
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return { overlay, view: new MapView(new Map(Object.entries(below))), model: new MapView(merged) };
}

describe('changes laid over a view', () => {
  test('scan in pages, forward and backward, as if they had been made in it', () => {
    fc.assert(
      fc.property(base, changes, fc.boolean(), fc.integer({ min: 1, max: 4 }), (below, over, reverse, limit) => {
        const { overlay, view, model } = build(below, over);
        const seen: string[] = [];
        let range: Range = { from: EMPTY, to: HIGHEST, reverse, limit };
        for (;;) {
          const page = overlay.scan(view, TREE, range);
          for (const entry of page) seen.push(`${entry.key.toString('latin1')}=${entry.value.toString()}`);
          const last = page.at(-1);
          if (last === undefined || page.length < limit) break;
          range = reverse ? { ...range, to: last.key } : { ...range, from: Buffer.concat([last.key, Buffer.alloc(1)]) };
        }
        const all = model.scan(TREE, { from: EMPTY, to: HIGHEST, reverse, limit: Infinity });
        expect(seen).toEqual(all.map((entry) => `${entry.key.toString('latin1')}=${entry.value.toString()}`));
      }),
    );
  });

  test('count as if they had been made in it', () => {
    fc.assert(
      fc.property(base, changes, (below, over) => {
        const { overlay, view, model } = build(below, over);
        expect(overlay.count(view, TREE, EMPTY, HIGHEST)).toBe(model.count(TREE, EMPTY, HIGHEST));
      }),
    );
  });
});
