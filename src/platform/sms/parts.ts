/** How a text travels: GSM 03.38 has 7 bits a character, UCS-2 has 16. */
export type SmsEncoding = 'gsm-7' | 'ucs-2';

export interface SmsParts {
  readonly encoding: SmsEncoding;
  /** How many messages are paid for. */
  readonly parts: number;
}

/** 3GPP TS 23.038, 6.2.1: the default alphabet, without the escape to its extension. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
    '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);

/** 6.2.1.1: each takes two places, the escape and itself. */
const EXTENSION = new Set('\f^{}\\[~]|€');

/** 3GPP TS 23.040, 9.2.3.24.1: a message of several parts gives 6 of its 140 bytes to their numbers. */
const PLACES = {
  'gsm-7': { alone: 160, joined: 153 },
  'ucs-2': { alone: 70, joined: 67 },
} as const;

/** How many messages a text makes, and in which alphabet: one character outside of GSM 03.38 halves what fits. */
export function countParts(text: string): SmsParts {
  const characters = Array.from(text);
  const encoding = characters.every((each) => BASIC.has(each) || EXTENSION.has(each)) ? 'gsm-7' : 'ucs-2';
  const widths = characters.map((each) => widthOf(each, encoding));
  const total = widths.reduce((sum, width) => sum + width, 0);
  const { alone, joined } = PLACES[encoding];
  return { encoding, parts: total <= alone ? 1 : partsOf(widths, joined) };
}

/** UCS-2 as phones read it is UTF-16: a character beyond its plane takes two places. */
function widthOf(character: string, encoding: SmsEncoding): number {
  if (encoding === 'ucs-2') return character.length;
  return EXTENSION.has(character) ? 2 : 1;
}

/** A character of two places is never parted: it begins the next part when one place is left. */
function partsOf(widths: readonly number[], places: number): number {
  let parts = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > places) {
      parts += 1;
      used = 0;
    }
    used += width;
  }
  return parts;
}
