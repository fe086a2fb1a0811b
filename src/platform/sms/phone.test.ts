import { expect, test } from '@jest/globals';
import { maskPhone, phoneNumberOf } from './phone.ts';

test.each([
  ['+4915112345678', '+4915112345678'],
  [' +49 (151) 123-456 78 ', '+4915112345678'],
  ['+1 202 555 0123', '+12025550123'],
  ['015112345678', undefined],
  ['+1555', undefined],
  ['call +12025550123', undefined],
  ['+', undefined],
  ['', undefined],
])('%p as E.164', async (text, number) => {
  expect(await phoneNumberOf(text)).toBe(number);
});

test('a masked number shows its country and two digits', () => {
  expect(maskPhone('+4915112345678')).toBe('+49•••••••••78');
  expect(maskPhone('+1')).not.toContain('undefined');
});
