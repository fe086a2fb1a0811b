import type { BSONRegExp } from 'bson';
import { regexParts } from '../bson/values.ts';
import { CommandError } from '../errors.ts';

/** A regular expression as MongoDB stores it. */
export interface Pattern {
  readonly source: string;
  /** Sorted letters out of `imsux`. */
  readonly options: string;
}

/** The pattern and options of a decoded regular expression, as MongoDB stores them. */
export function patternOf(regex: RegExp | BSONRegExp): Pattern {
  const { pattern, options } = regexParts(regex);
  return { source: pattern === '(?:)' ? '' : pattern, options };
}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
};

/** PCRE escapes outside of a character class that JavaScript writes differently. */
const ESCAPES: Readonly<Record<string, string>> = {
  A: '(?<![\\s\\S])',
  z: '(?![\\s\\S])',
  Z: '(?=\\n?(?![\\s\\S]))',
  h: '[ \\t]',
  R: '(?:\\r\\n|[\\n\\v\\f\\r])',
  a: '\\x07',
  e: '\\x1b',
};

class Translation {
  private readonly source: string;
  private readonly extended: boolean;
  private at = 0;
  private output = '';

  constructor(source: string, extended: boolean) {
    this.source = source;
    this.extended = extended;
  }

  run(): string {
    while (this.at < this.source.length) this.step();
    return this.output;
  }

  private take(text: string, written = text): void {
    this.at += text.length;
    this.output += written;
  }

  private step(): void {
    const letter = this.source.charAt(this.at);
    if (letter === '\\') this.escape();
    else if (letter === '[') this.characterClass();
    else if (this.source.startsWith('(?P<', this.at)) this.take('(?P<', '(?<');
    else if (this.source.startsWith('(?#', this.at)) this.skipPast(')');
    else if (this.extended && letter === '#') this.skipPast('\n');
    else if (this.extended && /\s/.test(letter)) this.at++;
    else this.take(letter);
  }

  private skipPast(end: string): void {
    const found = this.source.indexOf(end, this.at);
    this.at = found === -1 ? this.source.length : found + 1;
  }

  private escape(): void {
    const pair = this.source.slice(this.at, this.at + 2);
    if (pair === '\\Q') {
      const end = this.source.indexOf('\\E', this.at);
      const quoted = this.source.slice(this.at + 2, end === -1 ? undefined : end);
      this.at = end === -1 ? this.source.length : end + 2;
      this.output += quoted.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    } else {
      this.take(pair, ESCAPES[pair.charAt(1)] ?? pair);
    }
  }

  private characterClass(): void {
    const opening = /^\[\^?\]?/.exec(this.source.slice(this.at))?.[0] ?? '[';
    this.take(opening, opening.endsWith(']') ? `${opening.slice(0, -1)}\\]` : opening);
    while (this.at < this.source.length) {
      const letter = this.source.charAt(this.at);
      if (letter === '[') this.bracketInClass();
      else if (letter === '\\') this.take(this.source.slice(this.at, this.at + 2));
      else this.take(letter);
      if (letter === ']') return;
    }
  }

  private bracketInClass(): void {
    const named = /^\[:(\w+):\]/.exec(this.source.slice(this.at));
    const letters = CLASSES[named?.[1] ?? ''];
    this.take(letters === undefined ? '[' : (named?.[0] ?? ''), letters ?? '\\[');
  }
}

const INLINE_OPTIONS = /^\(\?([imsx]+)\)/;

/**
 * The JavaScript regular expression that matches what PCRE would match for a pattern in MongoDB's dialect.
 * @throws CommandError 51091 for a pattern that does not compile, 51108 for an unknown option
 */
export function compileRegex({ source, options }: Pattern): RegExp {
  for (const letter of options) {
    if (!'imsxu'.includes(letter)) throw new CommandError(51108, `invalid flag in regex options: ${letter}`);
  }
  const inline = INLINE_OPTIONS.exec(source);
  const all = options + (inline?.[1] ?? '');
  const body = new Translation(inline === null ? source : source.slice(inline[0].length), all.includes('x')).run();
  const flags = ['i', 'm', 's'].filter((letter) => all.includes(letter)).join('');
  const wantsUnicode = /[^\0-\x7f]|\\[pPX]/.test(body);
  return (wantsUnicode ? tryRegex(body, `${flags}u`) : undefined) ?? tryRegex(body, flags) ?? refuse(source);
}

function tryRegex(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}

function refuse(source: string): never {
  throw new CommandError(51091, `Regular expression is invalid: ${source}`);
}
