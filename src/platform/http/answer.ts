import type { Request, Response } from 'express';
import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip as gzipByCallback, gzipSync } from 'node:zlib';
import type { Codec } from '../cache/cache.ts';
import type { Seen } from './endpoint.ts';
import { writeAnswer, type HeaderPairs } from './exchange.ts';

const gzip = promisify(gzipByCallback);

/** A shorter one fits into the first packet either way. */
const PACKED_FROM_BYTES = 1_024;
/**
 * Up to here it is packed on the main thread: 30 µs for 3 kB, where to hand it over and take it back costs six times as much.
 * What is longer is not, so that nobody waits for it.
 */
const PACKED_AT_ONCE_BYTES = 16 * 1_024;
/** zlib's levels: what is sent once is packed as fast as it goes, what is kept is packed well, once. */
const LEVELS = { sent: 1, kept: 6 } as const;

/** Node writes head and body at once if both are text, which takes a tenth less than a head and bytes; text of bytes is latin1. */
const TEXT_UP_TO_BYTES = 8 * 1_024;

/** What goes with a body and does not follow from it. */
export interface AnswerFields {
  /** The endpoint's own tag, such as that of a version; otherwise one is made of the bytes. */
  readonly etag: string | undefined;
  /** Go with a 304 as well. */
  readonly pairs: HeaderPairs;
  /** What its readers have seen. */
  readonly seen?: Seen;
  /** JSON unless said. */
  readonly type?: string;
}

/** One representation of an answer, with the heads of a 200 and of a 304. */
interface Form {
  readonly body: Buffer | string;
  readonly etag: string;
  readonly head: HeaderPairs;
  readonly unchanged: HeaderPairs;
}

/** An answer as it goes over the wire, in both its forms: to send it is a matter of one write. */
export class FinishedAnswer {
  readonly body: Buffer;
  readonly packed: Buffer | undefined;
  readonly fields: AnswerFields;
  readonly #plainForm: Form;
  readonly #packedForm: Form | undefined;

  constructor(body: Buffer, packed: Buffer | undefined, fields: AnswerFields) {
    this.body = body;
    this.packed = packed;
    this.fields = fields;
    const { etag, pairs, type = JSON_TYPE } = fields;
    const digest = etag === undefined ? hash('sha1', body, 'base64url').slice(0, 24) : '';
    // A strong tag says that two bodies are equal byte for byte, which those of two forms are not (RFC 9110, 8.8.3.3).
    const bytes = packed === undefined ? quickest(body) : body;
    this.#plainForm = formOf(bytes, ['Content-Type', type], etag ?? `"${digest}"`, pairs);
    const about = ['Content-Type', type, 'Content-Encoding', 'gzip'];
    this.#packedForm = packed && formOf(quickest(packed), about, etag ?? `"${digest}-gzip"`, pairs);
  }

  formFor({ headers }: Request): Form {
    return this.#packedForm !== undefined && acceptsGzip(headers['accept-encoding'])
      ? this.#packedForm
      : this.#plainForm;
  }

  /** Whether the caller holds this answer already, in whichever form. */
  isHeldBy({ headers }: Request): boolean {
    const held = headers['if-none-match'];
    if (held === undefined || headers['cache-control']?.includes('no-cache') === true) return false;
    const tags = [this.#plainForm.etag, this.#packedForm?.etag];
    if (tags.includes(held) || held.trim() === '*') return true;
    return held.split(',').some((tag) => tags.includes(tag.trim().replace(/^W\//, '')));
  }
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** Of the form that nearly all are sent. */
const quickest = (body: Buffer): Buffer | string => (isSentAsText(body) ? body.toString('latin1') : body);
const isSentAsText = ({ length }: Buffer): boolean => length <= TEXT_UP_TO_BYTES;

function formOf(body: Buffer | string, about: HeaderPairs, etag: string, pairs: HeaderPairs): Form {
  const unchanged = ['Vary', 'Accept-Encoding', 'ETag', etag, ...pairs];
  return { body, etag, head: [...about, 'Content-Length', String(body.length), ...unchanged], unchanged };
}

/** How an answer is used: sent once, to somebody who can or cannot unpack it; or kept for all. */
export type AnswerUse = keyof typeof LEVELS | 'sent plain';

/** Writes a result down as an answer of JSON. */
export const finish = (result: unknown, fields: AnswerFields, use: AnswerUse): Promise<FinishedAnswer> =>
  finishText(JSON.stringify(result), fields, use);

/** Writes a text down as an answer. */
export async function finishText(text: string, fields: AnswerFields, use: AnswerUse): Promise<FinishedAnswer> {
  const body = Buffer.from(text);
  const isPacked = use !== 'sent plain' && body.length > PACKED_FROM_BYTES;
  const packed = isPacked ? await pack(body, LEVELS[use]) : undefined;
  return use === 'kept' ? keepable(body, packed, fields) : new FinishedAnswer(body, packed, fields);
}

function pack(body: Buffer, level: number): Buffer | Promise<Buffer> {
  // Room for what comes out, and not for 16 kB of it.
  const options = { level, chunkSize: body.length };
  return body.length <= PACKED_AT_ONCE_BYTES ? gzipSync(body, options) : gzip(body, options);
}

const keepable = (body: Buffer, packed: Buffer | undefined, fields: AnswerFields): FinishedAnswer =>
  new FinishedAnswer(alone(body), packed && alone(packed), fields);

/** What is kept must hold no more than it is weighed with: a part of a larger buffer, such as zlib's or a connection's, holds all of that. */
function alone(bytes: Buffer): Buffer {
  if (bytes.length === bytes.buffer.byteLength) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** Sends an answer, or 304 to whoever holds it. HEAD is sent what GET is, of which Node leaves out the body. */
export function sendFinished(
  request: Request,
  response: Response,
  answer: FinishedAnswer,
  status: number,
  pairs: HeaderPairs,
): void {
  const { body, head, unchanged } = answer.formFor(request);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && status === 200 && answer.isHeldBy(request)) writeAnswer(response, 304, unchanged.concat(pairs));
  else writeAnswer(response, status, head.concat(pairs), body);
}

const GZIP = /(?:^|[\s,])gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)/i;
const ANY = /(?:^|[\s,])\*\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)/;
const NAMES_GZIP = /(?:^|[\s,])gzip\s*[;,]/i;

/** Whether `Accept-Encoding` lets gzip in, by its name or else by `*`, and not with a weight of 0 (RFC 9110, 12.5.3). */
export const acceptsGzip = (header: string | undefined): boolean =>
  header !== undefined && (header === 'gzip' || GZIP.test(header) || (ANY.test(header) && !NAMES_GZIP.test(header)));

interface Written {
  readonly fields: AnswerFields;
  readonly bodyBytes: number;
  readonly isPacked: boolean;
}

const LENGTH_BYTES = 4;
/** What an entry takes in memory besides its bytes: two heads of some ten fields each. */
const HEAD_BYTES = 2_048;

/** A finished answer in Redis: the length of its description, that, the body, the packed body. */
export const finishedAnswers: Codec<FinishedAnswer> = {
  encode({ fields, body, packed }) {
    const written: Written = { fields, bodyBytes: body.length, isPacked: packed !== undefined };
    const description = Buffer.from(JSON.stringify(written));
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(description.length);
    return Buffer.concat([length, description, body, packed ?? Buffer.alloc(0)]);
  },
  decode(bytes) {
    const bodyAt = LENGTH_BYTES + bytes.readUInt32BE(0);
    const { fields, bodyBytes, isPacked } = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, bodyAt)) as Written;
    const packedAt = bodyAt + bodyBytes;
    const packed = isPacked ? bytes.subarray(packedAt) : undefined;
    return keepable(bytes.subarray(bodyAt, packedAt), packed, fields);
  },
  bytesOf({ body, packed }) {
    const sent = packed ?? body;
    return body.length + (packed?.length ?? 0) + (isSentAsText(sent) ? sent.length : 0) + HEAD_BYTES;
  },
};
