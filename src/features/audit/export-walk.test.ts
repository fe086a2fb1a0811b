import { expect, test } from '@jest/globals';
import { newId } from '../../shared/ids.ts';
import type { AuditContent, AuditLink } from './audit.model.ts';
import { ExportWalk } from './export-walk.ts';
import { GENESIS, hashOf, linkOf, shownEntry } from './link.ts';

const content = (index: number): AuditContent => ({
  _id: newId(),
  merchantId: null,
  action: 'product.changed',
  actor: { kind: 'user', id: newId() },
  reason: null,
  target: { kind: 'product', id: '1' },
  before: { price: { amount: index, currency: 'EUR' } },
  after: { title: 'Tasse "Ä" \u2028', price: 1e21 },
  address: null,
  requestId: null,
  result: 'done',
  occurredAt: new Date(index),
});

function exported(count: number) {
  let last = { seq: 0, hash: GENESIS };
  return Array.from({ length: count }, (_, index) => {
    const entry = content(index);
    const link = linkOf(entry, last);
    last = link;
    return { ...entry, ...link };
  });
}

const entries = exported(4);
const lines = entries.map((entry) => JSON.stringify(shownEntry(entry))) as [string, string, string, string];
const [one, two, three, four] = lines;
const [, second] = entries as [AuditContent & AuditLink, AuditContent & AuditLink];

function walked(...told: readonly string[]) {
  const walk = new ExportWalk();
  const faults = told.flatMap((line) => walk.step(line) ?? []);
  return { faults: faults.map(({ seq, what }) => `${String(seq)} ${what}`), gaps: walk.gaps, entries: walk.entries };
}

test('a file as it was exported has no fault, and one that was filtered has gaps', () => {
  expect(walked(...lines)).toEqual({ faults: [], gaps: 0, entries: 4 });
  expect(walked(one, two, four)).toEqual({ faults: [], gaps: 1, entries: 3 });
});

test('a line that is changed, twice there, or out of its order is named', () => {
  expect(walked(one, two.replace('"amount":1', '"amount":2'), three).faults).toEqual(['2 was changed']);
  expect(walked(one, two, two, three).faults).toEqual(['2 was inserted, or is not in its order']);
  expect(walked(one, three, two).faults).toEqual(['2 was inserted, or is not in its order']);
});

test('a line that is made anew with its hash does not fit to the next one', () => {
  const forged = { ...second, action: 'nothing' };
  const anew = JSON.stringify(shownEntry({ ...forged, hash: hashOf(forged, forged) }));
  expect(walked(one, anew, three).faults).toEqual(['2 was replaced: the next entry remembers another']);
});

test('what is no entry is no line of an export', () => {
  expect(() => walked('{}')).toThrow();
  expect(() => walked('nonsense')).toThrow(SyntaxError);
});
