import { describe, expect, test } from '@jest/globals';
import { isWellFormed, looksLikeApiKey, newApiKey, shownOf } from './api-keys.ts';

describe('an API key', () => {
  test('is recognised, and no two are alike', () => {
    const keys = Array.from({ length: 500 }, newApiKey);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) {
      expect(key).toMatch(/^mpk_[\dA-Za-z]{49}$/);
      expect([looksLikeApiKey(key), isWellFormed(key)]).toEqual([true, true]);
    }
  });

  test('keeps its form over versions: keys that were made are still taken', () => {
    expect(isWellFormed('mpk_0000000000000000000000000000000000000000000AAAAAA')).toBe(false);
    expect(isWellFormed(KNOWN)).toBe(true);
  });

  test('with one character wrong, two swapped, or of another length is none', () => {
    const swapped = KNOWN.replace(/(.)(.)(.{6})$/, '$2$1$3');
    const typos = Array.from(KNOWN, (character, index) => {
      const other = character === 'x' ? 'y' : 'x';
      return KNOWN.slice(0, index) + other + KNOWN.slice(index + 1);
    });
    for (const typo of [...typos, swapped, KNOWN.slice(0, -1), `${KNOWN}0`, `${KNOWN}\n`, '', 'mpk_'])
      expect([typo, isWellFormed(typo)]).toEqual([typo, false]);
  });

  test('shows six of its characters', () => {
    expect(shownOf(KNOWN)).toBe('mpk_012345');
  });
});

const KNOWN = 'mpk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg29H8y6';
