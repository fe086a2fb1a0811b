import { redact, REDACTED } from '../../platform/observability/redact.ts';
import type { Values } from './audit.model.ts';

const PERSONAL_KEY =
  /^(e[-_]?mail|(first|last|given|family|full|display|customer|recipient)[-_]?name|street|(street|postal|home)[-_]?address|address[-_]?lines?|birth[-_]?(date|day)|date[-_]?of[-_]?birth)$/i;
const EMAIL = /\b([\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]{0,63}@((?:[a-z\d-]{1,63}\.)+[a-z]{2,63})\b/gi;

const MAX_CHARACTERS = 16_384;

/**
 * What of a document may stay in a log for years: a copy as plain JSON without secrets, card and phone numbers, names and
 * addresses of people. Of a mail address the first letter and the domain are left, so that one can be told from another.
 * Where it is too long to keep, only its length is.
 */
export function maskedCopy(document: object): Values {
  const text = JSON.stringify(masked(redact(document)));
  return text.length <= MAX_CHARACTERS ? (JSON.parse(text) as Values) : { omitted: true, characters: text.length };
}

function masked(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(EMAIL, '$1***@$2');
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(masked);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, maskedMember(key, member)]));
}

function maskedMember(key: string, member: unknown): unknown {
  if (!PERSONAL_KEY.test(key) || member === null || member === undefined) return masked(member);
  const rest = masked(member);
  // A mail address is masked by how it looks; what else goes by such a name is not told at all.
  return typeof rest === 'string' && rest.includes('***@') ? rest : REDACTED;
}
