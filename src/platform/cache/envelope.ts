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
