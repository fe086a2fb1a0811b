import { describe, expect, test } from '@jest/globals';
import { Double } from 'bson';
import { parseTextCondition, parseTextQuery, requireLanguage } from './text-query.ts';

function parse(search: string): unknown {
  const { terms, negatedTerms, phrases, negatedPhrases } = parseTextQuery(
    { $search: search },
    requireLanguage('english'),
  );
  return { terms: [...terms], not: [...negatedTerms], phrases, notPhrases: negatedPhrases };
}

describe('parseTextQuery', () => {
  test.each([
    ['fun times', ['fun', 'time'], [], [], []],
    ['this is fun', ['fun'], [], [], []],
    ['-foo bar', ['bar'], ['foo'], [], []],
    ['- foo bar', ['foo', 'bar'], [], [], []],
    ['bar -foo-baz', ['bar'], ['foo', 'baz'], [], []],
    ['e-mail', ['e', 'mail'], [], [], []],
    ['doing a "phrase test" for fun', ['phrase', 'test', 'fun'], [], ['phrase test'], []],
    ['fun -"really fun"', ['fun'], [], [], ['really fun']],
    ['fun -"a b"-"c d"', ['fun'], [], [], ['a b', 'c d']],
    ['-" inner space "', [], [], [], [' inner space ']],
    ['"half open', ['half', 'open'], [], [], []],
    ['"minus -stays inside"', ['minus', 'stay', 'insid'], [], ['minus -stays inside'], []],
    ['', [], [], [], []],
  ])('%s', (search, terms, not, phrases, notPhrases) => {
    expect(parse(search)).toEqual({ terms, not, phrases, notPhrases });
  });

  test('a search that minds case and accents still looks folded terms up', () => {
    const condition = { $search: 'Café', $caseSensitive: true, $diacriticSensitive: true };
    const query = parseTextQuery(condition, requireLanguage('none'));
    expect([...query.lookups]).toEqual(['cafe']);
    expect([...query.terms]).toEqual(['Café']);
  });
});

describe('parseTextCondition', () => {
  test('a whole condition passes', () => {
    const condition = { $search: 'x', $language: 'de', $caseSensitive: false, $diacriticSensitive: true };
    expect(parseTextCondition(condition)).toEqual(condition);
  });

  test.each([
    ['x', 'BadValue', '$text expects an object'],
    [{}, 'NoSuchKey', 'Missing expected field "$search"'],
    [{ $search: 1 }, 'TypeMismatch', '"$search" had the wrong type. Expected string, found int'],
    [{ $search: null }, 'TypeMismatch', '"$search" had the wrong type. Expected string, found null'],
    [{ $search: new Date() }, 'TypeMismatch', 'found date'],
    [{ $search: ['x'] }, 'TypeMismatch', 'found array'],
    [{ $search: 'x', $language: true }, 'TypeMismatch', 'Expected string, found bool'],
    [{ $search: { a: 1 } }, 'TypeMismatch', 'found object'],
    [{ $search: new Double(1) }, 'TypeMismatch', 'found double'],
    [{ $search: 'x', $caseSensitive: 'yes' }, 'TypeMismatch', 'Expected bool, found string'],
    [{ $search: 'x', $limit: 1 }, 'BadValue', 'extra fields in $text'],
  ])('%j is refused as %s', (operand, codeName, message) => {
    expect(() => parseTextCondition(operand)).toThrow(
      expect.objectContaining({ codeName, message: expect.stringContaining(message) }),
    );
  });
});

describe('requireLanguage', () => {
  test('an unknown language is refused', () => {
    expect(() => requireLanguage('klingon')).toThrow('unsupported language: "klingon" for text index version 3');
  });
});
