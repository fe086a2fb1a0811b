import type { Codec } from './cache.ts';
import { freezeAndWeigh } from './weigh.ts';

/** A value as memory keeps it, and what it takes there. */
export interface Kept<T> {
  readonly value: T;
  readonly bytes: number;
}

/** How a value is kept in memory and in Redis. */
export interface Keeping<T> {
  /** Of what a loader has made. `encoded` is asked for only when it is written. */
  keep(value: T): Kept<T> & { readonly encoded: () => Buffer };
  /** Of what Redis had. @throws when it is not what was written */
  read(bytes: Buffer): Kept<T>;
}

/**
 * As JSON. What callers get is always what was parsed from it, and frozen: the first caller sees the same as the
 * last, and the loader's own objects stay as they were.
 */
function asJson<T>(): Keeping<T> {
  const parse = (text: string): Kept<T> => {
    const value = JSON.parse(text) as T;
    return { value, bytes: freezeAndWeigh(value) };
  };
  return {
    keep(value) {
      const text = JSON.stringify(value);
      return { ...parse(text), encoded: () => Buffer.from(text) };
    },
    read: (bytes) => parse(bytes.toString()),
  };
}

/** By a codec of the caller's own, who answers for that nobody changes the value. */
function byCodec<T>(codec: Codec<T>): Keeping<T> {
  return {
    keep(value) {
      let made: Buffer | undefined;
      const encoded = () => (made ??= codec.encode(value));
      return { value, bytes: codec.bytesOf?.(value) ?? encoded().length, encoded };
    },
    read(bytes) {
      const value = codec.decode(bytes);
      return { value, bytes: codec.bytesOf?.(value) ?? bytes.length };
    },
  };
}

const json = asJson<unknown>();

export function keepingBy<T>(codec: Codec<T> | undefined): Keeping<T> {
  return codec === undefined ? (json as Keeping<T>) : byCodec(codec);
}
