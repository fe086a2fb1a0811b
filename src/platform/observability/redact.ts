import { isError } from '../../shared/errors.ts';
import { API_KEY_IN_TEXT } from '../security/api-keys.ts';

/** What is written in place of what must not be read in a log. */
export const REDACTED = '[redacted]';

const SECRET_KEY =
  /pass(word|wd|phrase)?$|secret|token|authorization|cookie|api[-_]?key|^pin$|^otp$|(verification|reset)[-_]?code|cvc|cvv|iban/i;
const PERSONAL_KEY = /card[-_]?(number|no)?$|^pan$|phone|mobile|^msisdn$/i;

const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi;
const JSON_WEB_TOKEN = /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g;
const URL_PASSWORD = /(\w:\/\/[^\s:/@]{0,256}):[^\s/@]{1,256}@/g;
const SECRET_PARAMETER = /([?&;](?:[\w-]{0,32}(?:token|secret|password|key|code|cursor))=)[^&\s"']+/gi;
const PHONE = /\+\d[\d ()-]{6,20}\d/g;
const CARD = /\b\d(?:[ -]?\d){12,18}\b/g;

/** No secret looks like a text without any of these: most texts of a log line are a word or a path. */
const SUSPICIOUS = /[\d=@\s]|eyJ|mpk_/;

const MAX_DEPTH = 6;
const MAX_TEXT = 8_192;

/** Masks tokens, passwords, card and phone numbers inside a text. Linear in its length; a longer text is cut. */
export function redactText(text: string): string {
  if (!SUSPICIOUS.test(text) && text.length <= MAX_TEXT) return text;
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return cut
    .replace(BEARER, `$1 ${REDACTED}`)
    .replace(JSON_WEB_TOKEN, REDACTED)
    .replace(API_KEY_IN_TEXT, REDACTED)
    .replace(URL_PASSWORD, `$1:${REDACTED}@`)
    .replace(SECRET_PARAMETER, `$1${REDACTED}`)
    .replace(PHONE, REDACTED)
    .replace(CARD, (digits) => (isCardNumber(digits) ? REDACTED : digits));
}

/** A copy of what is to be logged, without what must not be read: by the name of a field, and by how a text looks. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isError(value)) return depth < MAX_DEPTH ? errorForLog(value, depth) : value.name;
  if (value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1));
  return redactFields(value, depth);
}

function redactFields(value: object, depth: number): unknown {
  // Ids and the like know how they want to be written.
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return redact((value.toJSON as () => unknown)(), depth + 1);
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, isSecretField(key, field) ? REDACTED : redact(field, depth + 1)]),
  );
}

function isSecretField(key: string, field: unknown): boolean {
  if (field === undefined || field === null || typeof field === 'boolean') return false;
  return SECRET_KEY.test(key) || PERSONAL_KEY.test(key);
}

/** Only these: a library hangs whole requests on its errors, the body parser's holds the raw body, the driver's the whole topology. */
function errorForLog(error: Error, depth: number): object {
  const { code, codeName, syscall } = error as { code?: unknown; codeName?: unknown; syscall?: unknown };
  return {
    type: error.name,
    message: redactText(error.message),
    ...(isWord(code) && { code }),
    ...(isWord(codeName) && { codeName }),
    ...(isWord(syscall) && { syscall }),
    ...(error.stack !== undefined && { stack: redactText(error.stack) }),
    ...(isError(error.cause) && { cause: redact(error.cause, depth + 1) }),
  };
}

function isWord(value: unknown): value is number | string {
  return typeof value === 'number' || (typeof value === 'string' && value.length <= 64);
}

/** Luhn's check, ISO/IEC 7812-1 annex B: order numbers and times pass by chance one time in ten only. */
function isCardNumber(text: string): boolean {
  const digits = Array.from(text.replaceAll(/\D/g, ''), Number).reverse();
  const sum = digits.reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}
