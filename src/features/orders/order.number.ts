import { randomInt } from 'node:crypto';

// Crockford's base 32: without I, L, O and U, which are misread or misheard.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const HALF = 5;

/**
 * A number for people, such as `7K2QX-93MVD`. Drawn and not counted, since a counter would be what all orders of a
 * store wait for, and would tell competitors how many there are. One in 10^15: that it is taken is seen by the index.
 * @param draw an integer from 0 to below its argument
 */
export function orderNumber(draw: (below: number) => number = randomInt): string {
  const half = () => Array.from({ length: HALF }, () => ALPHABET.charAt(draw(ALPHABET.length))).join('');
  return `${half()}-${half()}`;
}
