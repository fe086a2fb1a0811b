import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Begins every key, so that people, log filters and scanners of repositories know one when they see it. */
const PREFIX = 'mpk_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_BYTES = 32;
// Enough digits of base 62 for 256 and for 32 bits: every key has the same length.
const RANDOM_DIGITS = 43;
const CHECKSUM_DIGITS = 6;
const FORM = new RegExp(`^${PREFIX}[${DIGITS}]{${String(RANDOM_DIGITS + CHECKSUM_DIGITS)}}$`);
// Of 43 digits the first six give away a seventh of the secret: 220 bits stay.
const SHOWN_CHARACTERS = PREFIX.length + 6;

/** What a key looks like inside of a text, also one that was cut off. */
export const API_KEY_IN_TEXT = new RegExp(`${PREFIX}[${DIGITS}]{16,}`, 'g');

/**
 * A new key: `mpk_`, 256 random bits, and a CRC-32 of both, in letters and digits only, so that a double click selects
 * it whole. Made as GitHub makes its tokens: a scanner tells one from what only looks like it without asking us.
 */
export function newApiKey(): string {
  const body = PREFIX + digitsOf(BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`), RANDOM_DIGITS);
  return body + checksumOf(body);
}

/** Whether a bearer token is meant to be a key, rightly written or not. */
export const looksLikeApiKey = (token: string): boolean => token.startsWith(PREFIX);

/** Whether a key can be one of ours: a typing error is found without asking the database. */
export function isWellFormed(key: string): boolean {
  return FORM.test(key) && checksumOf(key.slice(0, -CHECKSUM_DIGITS)) === key.slice(-CHECKSUM_DIGITS);
}

/** The beginning of a key, by which its owner knows it again and nobody can use it. */
export const shownOf = (key: string): string => key.slice(0, SHOWN_CHARACTERS);

const checksumOf = (body: string): string => digitsOf(BigInt(crc32(body)), CHECKSUM_DIGITS);

function digitsOf(value: bigint, length: number): string {
  const base = BigInt(DIGITS.length);
  let text = '';
  for (let rest = value; text.length < length; rest /= base) text = (DIGITS[Number(rest % base)] ?? '') + text;
  return text;
}
