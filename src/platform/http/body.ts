import { json, Router, type RequestHandler } from 'express';
import { isUtf8 } from 'node:buffer';
import { Problem } from '../../shared/problem.ts';
import { malformedRequest, unsupportedMediaType } from './problems.ts';

/** A longer body answers 413. */
export const MAX_BODY_BYTES = 100 * 1_024;

/** A body nested deeper answers 400. */
export const MAX_JSON_DEPTH = 20;

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads JSON bodies within the limits; in this order, since each trusts the one before. */
export function jsonBody(): RequestHandler {
  const parse = json({
    limit: MAX_BODY_BYTES,
    type: 'application/json',
    verify: (_req, _res, bytes, charset) => {
      // The scan below reads bytes as UTF-8; so must what parses them afterwards.
      if (charset !== 'utf-8') throw new Problem(unsupportedMediaType, 'Send application/json in UTF-8');
      // The parser would put U+FFFD in place of each wrong byte, and two passwords would be one.
      if (!isUtf8(bytes)) throw new Problem(malformedRequest, 'The body is not UTF-8');
      if (isTooDeep(bytes)) throw new Problem(malformedRequest, `JSON may be nested ${String(MAX_JSON_DEPTH)} deep`);
    },
  });
  const read = Router().use(demandJson, parse, refuseUnsafe);
  return (req, res, next) => {
    // Most requests have none, as these two alone say (RFC 9112, 6.3).
    const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
    if (length === undefined && coding === undefined) next();
    else read(req, res, next);
  };
}

const demandJson: RequestHandler = (req, _res, next) => {
  // null: there is no body to have a type. Many clients say so by a length of 0.
  const foreign = req.is('application/json') === false && req.get('content-length') !== '0';
  if (foreign) throw new Problem(unsupportedMediaType, 'Send application/json');
  next();
};

const refuseUnsafe: RequestHandler = (req, _res, next) => {
  const fault = faultIn(req.body);
  if (fault !== undefined) throw new Problem(malformedRequest, fault);
  next();
};

/** Counts brackets before anything is built, since both parser and schema work in proportion to what is nested. */
function isTooDeep(bytes: Buffer): boolean {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === BACKSLASH && quoted) index += 1;
    else if (byte === QUOTE) quoted = !quoted;
    else if (!quoted) depth += STEPS.get(byte ?? 0) ?? 0;
    if (depth > MAX_JSON_DEPTH) return true;
  }
  return false;
}

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
/** `[` and `{` lead deeper, `]` and `}` out again. */
const STEPS: ReadonlyMap<number, number> = new Map([
  [0x5b, 1],
  [0x7b, 1],
  [0x5d, -1],
  [0x7d, -1],
]);

function faultIn(value: unknown): string | undefined {
  if (typeof value === 'string')
    return isText(value) ? undefined : 'Texts may hold neither U+0000 nor half a surrogate pair';
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) return `'${key}' cannot be the name of a field`;
    const found = faultIn(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether what is stored, hashed or mailed is what was sent: JSON can write what UTF-8 cannot, and NUL ends strings elsewhere. */
const isText = (value: string): boolean => value.isWellFormed() && !value.includes('\0');
