import { isIP } from 'node:net';
import { z } from 'zod';

/** How one variable of the environment is read: always from text, and never echoing it. */
export const port = () => z.coerce.number('must be a port number').int().min(0).max(65_535);

export const count = (min: number, max: number) =>
  z.coerce
    .number('must be a whole number')
    .int()
    .min(min, `must be at least ${String(min)}`)
    .max(max, `must be at most ${String(max)}`);

export const flag = () => z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');

export const url = (...protocols: readonly string[]) =>
  z
    .string()
    .refine(
      (value) => protocols.includes(protocolOf(value)),
      `must be a URL that begins with ${protocols.join(' or ')}//`,
    );

/** A URL that paths are appended to: without the slashes at its end. */
export const baseUrl = (...protocols: readonly string[]) =>
  url(...protocols).transform((value) => value.replace(/\/+$/, ''));

/** A comma-separated list; blanks around and empty places are dropped. */
export const list = () =>
  z.string().transform((value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );

const MIN_SECRET_LENGTH = 32;
const MIN_DIFFERENT_CHARACTERS = 10;

/** Begins every secret that ships with the source, and so is known to the world. */
export const DEVELOPMENT_SECRET = 'development-only-';

/** What is wrong with a secret that strangers must not guess, or undefined. Says nothing of the secret itself. */
export function weaknessOf(secret: string): string | undefined {
  if (secret.startsWith(DEVELOPMENT_SECRET)) return 'is a default that everybody knows: set one of your own';
  if (secret.length < MIN_SECRET_LENGTH) return `must have at least ${String(MIN_SECRET_LENGTH)} characters`;
  if (new Set(secret).size < MIN_DIFFERENT_CHARACTERS) return 'is too easy to guess: take random characters';
  return undefined;
}

const TRUSTED_NAMES = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** As Express wants it: false, a number of proxies in front, or the addresses and subnets of trusted ones. */
export const trustProxy = () =>
  z
    .string()
    .refine(
      (value) => value === 'false' || isHops(value) || value.split(',').every((part) => isTrusted(part.trim())),
      'must be false, a number of proxies, or addresses and subnets separated by commas',
    )
    .transform((value): false | number | string => {
      if (value === 'false') return false;
      return isHops(value) ? Number(value) : value;
    });

const isHops = (value: string): boolean => /^\d{1,2}$/.test(value);

function isTrusted(part: string): boolean {
  const [address = '', bits = '0'] = part.split('/');
  return TRUSTED_NAMES.has(part) || (isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= 128);
}

function protocolOf(value: string): string {
  return URL.parse(value)?.protocol ?? '';
}
