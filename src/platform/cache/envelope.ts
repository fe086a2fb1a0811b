import { pack, unpack } from './pack.ts';

/** How long a value lives. */
export interface Lifetime {
  /** When its load began, by the clock of whoever loaded it. */
  readonly loadedAt: number;
  readonly freshMs: number;
  readonly staleMs: number;
  /** What the load took: what each hit saves. */
  readonly loadMs: number;
}

/** A value's age by its lifetime. */
export function ageOf({ loadedAt, freshMs, staleMs }: Lifetime, now: number): 'fresh' | 'past' | 'stale' {
  const age = now - loadedAt;
  if (age < freshMs) return 'fresh';
  return age < freshMs + staleMs ? 'stale' : 'past';
}

/** How far the clocks of two machines may be apart. */
const SKEW_MS = 1_000;

/**
 * A lifetime by the clock of whoever reads it. How old a value is whose load has yet to begin by that clock nobody can tell: it
 * counts as just out of date, and is loaded anew by a clock that is known.
 */
export function datedBy(now: number, lifetime: Lifetime): Lifetime {
  const isAhead = lifetime.loadedAt - now > SKEW_MS;
  // A millisecond more than fresh: a difference of fractions may come out less than it is.
  return isAhead ? { ...lifetime, loadedAt: now - lifetime.freshMs - 1 } : lifetime;
}

/** A value as Redis keeps it: with its lifetime, its tags, and their versions when its load began. */
export interface Envelope {
  readonly lifetime: Lifetime;
  readonly tags: readonly string[];
  readonly versions: readonly string[];
  readonly payload: Buffer;
}

type Header = readonly [
  loadedAt: number,
  freshMs: number,
  staleMs: number,
  loadMs: number,
  isPacked: 0 | 1,
  tags: readonly string[],
  versions: readonly string[],
];

const LENGTH_BYTES = 4;

/** The header's length, the header, the payload. */
export async function seal({ lifetime, tags, versions, payload }: Envelope): Promise<Buffer> {
  const { bytes, isPacked } = await pack(payload);
  const { loadedAt, freshMs, staleMs, loadMs } = lifetime;
  const header: Header = [loadedAt, freshMs, staleMs, loadMs, isPacked ? 1 : 0, tags, versions];
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, bytes]);
}

/** @throws when the bytes are no envelope */
export function unseal(sealed: Buffer): Omit<Envelope, 'payload'> & { readonly payload: () => Buffer } {
  const end = LENGTH_BYTES + sealed.readUInt32BE();
  const header = JSON.parse(sealed.toString('utf8', LENGTH_BYTES, end)) as Header;
  const [loadedAt, freshMs, staleMs, loadMs, isPacked, tags, versions] = header;
  if (!Array.isArray(tags) || !Array.isArray(versions)) throw new TypeError('No envelope');
  return {
    lifetime: { loadedAt, freshMs, staleMs, loadMs },
    tags,
    versions,
    payload: () => unpack({ bytes: sealed.subarray(end), isPacked: isPacked === 1 }),
  };
}
