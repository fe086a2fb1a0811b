import { decimalsOf } from '../../../shared/money.ts';
import type { Cell, CellType, ReportDocument } from './document.ts';

// What makes a spreadsheet take a text for a formula, and the blanks that it passes over before it looks.
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

// All but XML 1.0's production Char: what none of its documents may hold, escaped neither. One such is no XML any more.
const UNWRITABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** A text that any file can hold: in place of control characters, halves of pairs and U+FFFE and U+FFFF, U+FFFD. */
export const writable = (text: string): string => text.replace(UNWRITABLE, '\ufffd');

/**
 * A text as a spreadsheet can hold and show it and never runs it: with an apostrophe in front where it would be taken for a
 * formula (OWASP, CSV injection). For texts only: a number that is one stays a number.
 */
export function harmless(text: string): string {
  const written = writable(text);
  return FORMULA.test(written) ? `'${written}` : written;
}

/** `-1234.50` of minor units, exactly. */
export function plainAmount(minor: number, decimals: number): string {
  const digits = String(Math.abs(minor)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const sign = minor < 0 ? '-' : '';
  return decimals === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-decimals)}`;
}

type Locale = Pick<ReportDocument, 'currency' | 'timeZone'>;

/** Writes cells for people to read, as a report's PDF shows them. */
export class CellWriter {
  readonly #decimals: number;
  readonly #currency: string;
  readonly #clock: WallClock;

  constructor({ currency, timeZone }: Locale) {
    this.#decimals = decimalsOf(currency);
    this.#currency = currency;
    this.#clock = new WallClock(timeZone);
  }

  write(cell: Cell, type: CellType): string {
    if (cell === null) return '';
    if (typeof cell === 'string') return cell;
    if (type === 'money') return grouped(plainAmount(cell, this.#decimals));
    return type === 'moment' ? this.#clock.text(cell) : grouped(String(cell));
  }

  /** The same with the currency beside it, where no column says which. */
  writeAlone(value: number, type: CellType): string {
    const text = this.write(value, type);
    return type === 'money' ? `${this.#currency} ${text}` : text;
  }

  /** In a few characters, for an axis: `12.5k`. */
  writeShort(value: number, type: CellType): string {
    const number = type === 'money' ? value / 10 ** this.#decimals : value;
    return compact.format(number);
  }
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

const grouped = (number: string): string => number.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');

/** What the clocks of a time zone show. */
export class WallClock {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    const two = '2-digit';
    const fields = { year: 'numeric', month: two, day: two, hour: two, minute: two, second: two } as const;
    this.#format = new Intl.DateTimeFormat('en-CA', { timeZone, ...fields, hourCycle: 'h23' });
  }

  /** `2026-03-02 14:05`. */
  text(moment: number): string {
    return this.#format.format(moment).replace(', ', ' ').slice(0, 16);
  }

  /** The moment at which clocks of UTC show the same: spreadsheets know no zones. */
  asUtc(moment: number): Date {
    return new Date(`${this.#format.format(moment).replace(', ', 'T')}Z`);
  }
}
