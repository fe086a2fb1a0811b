import { describe, expect, test } from '@jest/globals';
import { normalizeTextIndex, requireOnlyTextIndex } from './text-options.ts';

function normalize(key: Record<string, unknown>, options: Record<string, unknown> = {}): unknown {
  return normalizeTextIndex({ v: 2, key, name: 'search', ...options });
}

describe('normalizeTextIndex', () => {
  test('text fields become _fts and _ftsx, and the options are filled in', () => {
    expect(
      normalize({ tenant: 1, title: 'text', body: 'text', price: -1 }, { weights: { title: 10, sku: 3 } }),
    ).toEqual({
      v: 2,
      key: { tenant: 1, _fts: 'text', _ftsx: 1, price: -1 },
      name: 'search',
      weights: { body: 1, sku: 3, title: 10 },
      default_language: 'english',
      language_override: 'language',
      textIndexVersion: 3,
    });
  });

  test('keys keep the order of their fields, weights are in the order of their names', () => {
    const spec = normalizeTextIndex({ v: 2, key: { z: -1, b: 'text', a: 'text', y: 1 }, name: 'search' });
    expect(Object.keys(spec.key)).toEqual(['z', '_fts', '_ftsx', 'y']);
    expect(Object.keys(spec.weights)).toEqual(['a', 'b']);
  });

  test('an index that was normalized before stays as it is', () => {
    const once = normalize({ $all: 1, '$**': 'text' }, { default_language: 'german', sparse: true });
    expect(normalizeTextIndex(once as Parameters<typeof normalizeTextIndex>[0])).toEqual(once);
  });

  test('weights may be the wildcard alone', () => {
    expect(normalize({ _fts: 'text', _ftsx: 1 }, { weights: '$**' })).toMatchObject({ weights: { '$**': 1 } });
  });

  test.each([
    ['separated text fields', { a: 'text', b: 1, c: 'text' }, {}, 'must all be adjacent'],
    ['a direction of 2', { a: 'text', b: 2 }, {}, 'expected value 1 or -1'],
    ['a reserved name', { _fts: 1, a: 'text' }, {}, 'reserved fields'],
    ['a weight of 0', { a: 'text' }, { weights: { a: 0 } }, 'exclusive interval'],
    ['a weight that is too high', { a: 'text' }, { weights: { a: 100_000 } }, 'exclusive interval'],
    ['a weight in words', { a: 'text' }, { weights: { a: 'much' } }, 'needs numeric type'],
    ['weights that are a number', { a: 'text' }, { weights: 3 }, 'must be an object'],
    ['no field at all', { _fts: 'text', _ftsx: 1 }, {}, 'must specify fields'],
    ['an empty part of a path', { 'a..b': 'text' }, {}, 'empty path component'],
    ['an empty field', { '': 'text' }, {}, 'empty field'],
    ['a path with $', { 'a.$b': 'text' }, {}, '$ prefix'],
    ['an unknown language', { a: 'text' }, { default_language: 'klingon' }, 'default_language is not valid'],
    ['a language that is no string', { a: 'text' }, { default_language: 1 }, 'string type'],
    ['a dotted override', { a: 'text' }, { language_override: 'a.b' }, 'language_override'],
    ['version 4', { a: 'text' }, { textIndexVersion: 4 }, 'bad textIndexVersion'],
    ['a version in words', { a: 'text' }, { textIndexVersion: 'three' }, 'must be a number'],
    ['a collation', { a: 'text' }, { collation: { locale: 'fr' } }, 'collation'],
    ['unique', { a: 'text' }, { unique: true }, 'unique'],
  ])('%s is refused', (_, key, options, message) => {
    expect(() => normalize(key, options)).toThrow(
      expect.objectContaining({ codeName: 'CannotCreateIndex', message: expect.stringContaining(message) }),
    );
  });
});

describe('requireOnlyTextIndex', () => {
  const existing = [
    { name: '_id_', isText: false },
    { name: 'search', isText: true },
  ];

  test('a second text index is refused by the name of the first', () => {
    expect(() => {
      requireOnlyTextIndex(existing, 'other');
    }).toThrow('only one text index per collection allowed, found existing text index "search"');
  });

  test('the same index again, or the first, is let through', () => {
    requireOnlyTextIndex(existing, 'search');
    requireOnlyTextIndex(existing.slice(0, 1), 'search');
  });
});
