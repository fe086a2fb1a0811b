import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newId } from '../../shared/ids.ts';
import type { AuditContent } from './audit.model.ts';
import { canonicalJson } from './canonical-json.ts';
import { GENESIS, hashOf, linkOf } from './link.ts';
import { maskedCopy } from './mask.ts';
import { Seals } from './seals.ts';

const content: AuditContent = {
  _id: newId(),
  merchantId: newId(),
  action: 'product.changed',
  actor: { kind: 'user', id: newId() },
  reason: null,
  target: { kind: 'product', id: 'x' },
  before: { price: 1 },
  after: { price: 2 },
  address: '127.0.0.1',
  requestId: 'r',
  result: 'done',
  occurredAt: new Date('2026-03-02T10:00:00Z'),
};

test('the canonical text of the example in RFC 8785, 3.2.3, is as the RFC has it', () => {
  const example = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  expect(Object.values(JSON.parse(canonicalJson(example)) as object)).toHaveLength(7);
  const order = Array.from(canonicalJson(example).matchAll(/:"([\w: ]+)"/g), ([, value]) => value);
  expect(order).toEqual([
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
});

test('any JSON value and its copy with members in another order have one canonical text, from which it can be read', () => {
  const reversed = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(reversed);
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, member]) => [key, reversed(member)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as unknown;
      expect(canonicalJson(reversed(plain))).toBe(canonicalJson(plain));
      expect(JSON.parse(canonicalJson(plain))).toEqual(plain);
    }),
  );
});

test('an entry with any of its fields changed has another hash', () => {
  const { seq, previousHash, hash } = linkOf(content, { seq: 4, hash: GENESIS });
  expect([seq, previousHash, hash]).toEqual([5, GENESIS, expect.stringMatching(/^[\da-f]{64}$/)]);
  const changes: Partial<AuditContent>[] = [
    { _id: newId() },
    { merchantId: null },
    { action: 'product.created' },
    { actor: { kind: 'apiKey', id: content.actor.id } },
    { reason: 'why not' },
    { target: null },
    { before: { price: 1, hidden: true } },
    { after: null },
    { address: null },
    { requestId: 's' },
    { result: 'failed' },
    { occurredAt: new Date('2026-03-02T10:00:00.001Z') },
  ];
  expect(changes.map((change) => Object.keys(change)[0]).sort()).toEqual(Object.keys(content).sort());
  const hashes = changes.map((change) => hashOf({ ...content, ...change }, { seq, previousHash }));
  hashes.push(hashOf(content, { seq: 6, previousHash }), hashOf(content, { seq, previousHash: hash }));
  expect(new Set([hash, ...hashes]).size).toBe(hashes.length + 1);
});

test('a seal holds for its chain, its kind and its point, under its key', () => {
  const seals = new Seals('one secret of the tests, long enough');
  const point = { seq: 3, hash: 'ab', at: new Date(0) };
  const anchor = seals.seal('platform', 'head', point);
  expect(seals.isGenuine('platform', 'head', anchor)).toBe(true);
  expect(seals.isGenuine('platform', 'cut', anchor)).toBe(false);
  expect(seals.isGenuine('merchant:1', 'head', anchor)).toBe(false);
  expect(seals.isGenuine('platform', 'head', { ...anchor, seq: 4 })).toBe(false);
  expect(seals.isGenuine('platform', 'head', { ...anchor, seal: 'x' })).toBe(false);
  expect(new Seals('another secret of the tests').isGenuine('platform', 'head', anchor)).toBe(false);
});

test('of people a masked copy tells nothing, of things everything', () => {
  const id = newId();
  const copy = maskedCopy({
    name: 'Mugs & More',
    price: { amount: 1_999, currency: 'EUR' },
    productId: id,
    since: new Date(0),
    missing: undefined,
    email: 'Ann.Canary@mail.example.test',
    customerName: 'Ann Canary',
    note: 'ask bob@example.test or call +49 151 12345678',
    contacts: [{ street: 'Canary Road 1', phone: '0151 1234', role: 'staff' }],
    password: 'canary',
  });
  expect(copy).toEqual({
    name: 'Mugs & More',
    price: { amount: 1_999, currency: 'EUR' },
    productId: id.toHexString(),
    since: '1970-01-01T00:00:00.000Z',
    email: 'A***@mail.example.test',
    customerName: '[redacted]',
    note: 'ask b***@example.test or call [redacted]',
    contacts: [{ street: '[redacted]', phone: '[redacted]', role: 'staff' }],
    password: '[redacted]',
  });
});

test('of what is too long to keep the length is told', () => {
  const description = Array.from({ length: 90 }, () => 'a'.repeat(500));
  expect(maskedCopy({ description })).toEqual({ omitted: true, characters: expect.any(Number) });
});
