import { deflateSync, inflateSync } from 'node:zlib';

const Compressor = { noop: 0, zlib: 2 } as const;

/** What hello offers. */
export const COMPRESSORS: readonly string[] = ['zlib'];

/** Commands that are never compressed, neither way: they come before compression is agreed on, or carry credentials. */
const UNCOMPRESSED: ReadonlySet<string> = new Set([
  'hello',
  'isMaster',
  'ismaster',
  'saslStart',
  'saslContinue',
  'getnonce',
  'authenticate',
  'createUser',
  'updateUser',
]);

/** Whether the answer to a command that came compressed is compressed too. */
export function isCompressible(command: string): boolean {
  return !UNCOMPRESSED.has(command);
}

/**
 * @param size what the sender says it will be; nothing beyond it is inflated
 * @throws RangeError or zlib's error where that is not so
 */
export function decompress(compressor: number, bytes: Buffer, size: number): Buffer {
  const plain = inflate(compressor, bytes, size);
  if (plain.length !== size) throw new RangeError('not the size it was said to be');
  return plain;
}

function inflate(compressor: number, bytes: Buffer, size: number): Buffer {
  if (compressor === Compressor.noop) return bytes;
  if (compressor === Compressor.zlib) return inflateSync(bytes, { maxOutputLength: Math.max(size, 1) });
  throw new RangeError(`unknown compressor ${String(compressor)}`);
}

export function compress(compressor: number, bytes: Buffer): Buffer {
  return compressor === Compressor.zlib ? deflateSync(bytes) : bytes;
}
