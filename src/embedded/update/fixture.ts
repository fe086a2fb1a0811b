import { Aggregator, Query } from 'mingo';
import { Double, Int32, Long } from 'bson';
import { decode, decodeTyped, encode } from '../bson/codec.ts';
import type { Document } from '../bson/codec.ts';
import { compileUpdate } from './compile.ts';
import type { AppliedUpdate, ApplyContext, CompiledUpdate, UpdateOptions } from './compile.ts';

/** Short names for typed numbers in tables. */
export const int = (value: number): Int32 => new Int32(value);
export const double = (value: number): Double => new Double(value);
export const long = (value: bigint | number): Long => Long.fromBigInt(BigInt(value));

/** The typed form of a document that is written with plain values. */
export function typed(document: object): Document {
  return decodeTyped(encode(document as Document));
}

const plain = (document: Document): Document => decode(encode(document));

export const NOW = new Date('2026-01-02T03:04:05.678Z');

/** Options of an ordinary updateOne; matching and pipelines by mingo over the plain form. */
export function options(overrides: Partial<UpdateOptions> = {}): UpdateOptions {
  return {
    matcher: (filter) => {
      const query = new Query(plain(filter));
      return (document) => query.test(plain(document));
    },
    runPipeline: (document, stages) => {
      const { stages: plainStages } = plain({ stages }) as { stages: Document[] };
      return new Aggregator(plainStages).run<Document>([plain(document)])[0] ?? {};
    },
    isReplacementAllowed: true,
    multi: false,
    now: NOW,
    ...overrides,
  };
}

/** Compiles an update that is written with plain values. */
export function compile(update: object, overrides: Partial<UpdateOptions> = {}): CompiledUpdate {
  const { update: typedUpdate } = typed({ update }) as { update: Document };
  return compileUpdate(typedUpdate, options(overrides));
}

/** Applies an update to a document, both written with plain values. */
export function apply(
  document: object,
  update: object,
  context: Partial<ApplyContext> = {},
  overrides: Partial<UpdateOptions> = {},
): AppliedUpdate {
  const before = typed(document);
  const bytes = bytesOf(before);
  try {
    return compile(update, overrides).apply(before, { isInsert: false, ...context });
  } finally {
    if (bytesOf(before) !== bytes) throw new Error('the update changed its input');
  }
}

/** The bytes of a document in hex, for comparing types and order too. */
export function bytesOf(document: object): string {
  return Buffer.from(encode(document as Document)).toString('hex');
}

/** What an error says: its code and message. */
export function failureOf(action: () => unknown): { code: unknown; message: unknown } {
  try {
    action();
  } catch (error) {
    const { code, message } = error as { code: unknown; message: unknown };
    return { code, message };
  }
  return { code: undefined, message: 'nothing was thrown' };
}
