import bidiFactory from 'bidi-js';
import { isPlain, type Face, type Faces, type Weight } from './faces.ts';

export interface TextStyle {
  /** In points. */
  readonly size: number;
  readonly weight?: Weight;
  readonly color?: string;
}

export interface TextBox extends TextStyle {
  readonly x: number;
  /** Of the line that letters stand on. */
  readonly baseline: number;
  readonly width: number;
  /** What becomes of a longer text: it ends in an ellipsis, or is drawn smaller, as a number must be. `cut` when not said. */
  readonly tooLong?: 'cut' | 'shrink';
  readonly align?: 'center' | 'left' | 'right';
}

/** What one font draws in one direction. */
interface Run {
  readonly text: string;
  /** Where it begins in the whole text. */
  readonly start: number;
  readonly face: Face;
  /** Of UAX 9: odd ones run from right to left. */
  readonly level: number;
}

const BREAK = /[\t-\r\u0085\u2028\u2029]+/g;
// Joiners, selectors and keycaps of emoji: without a font that knows the sequence they would show as boxes. Between Arabic letters a
// non-joiner is spelling.
const INVISIBLE =
  /(?<!\p{Script=Arabic})\u200c|[\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe00-\ufe0f\u{1f3fb}-\u{1f3ff}\p{Cc}]/gu;

/** What can be seen of a text on one line. */
const visible = (text: string): string => text.replace(BREAK, ' ').replace(INVISIBLE, '');

/** What fonts lay out from right to left by themselves. */
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;

const bidi = bidiFactory();

/** In points: what is smaller cannot be read on paper. */
const LEAST_SIZE = 4.5;

/** Draws lines of any script: each character by a font that has it, right-to-left ones in their order (UAX 9). */
export class TextPainter {
  readonly #document: PDFKit.PDFDocument;
  readonly #faces: Faces;

  constructor(document: PDFKit.PDFDocument, faces: Faces) {
    this.#document = document;
    this.#faces = faces;
  }

  /** Draws one line. Its fonts must have been prepared. */
  draw(text: string, { x, baseline, width, align = 'left', tooLong = 'cut', ...wanted }: TextBox): void {
    const style = tooLong === 'shrink' ? this.#shrunk(text, width, wanted) : wanted;
    const { line, length } = this.#fit(visible(text), width, style);
    const free = Math.max(0, width - length);
    let at = x + (align === 'right' ? free : align === 'center' ? free / 2 : 0);
    for (const run of this.#runs(line, style.weight ?? 400)) {
      const runWidth = this.#measureRun(run, style.size);
      this.#drawRun(run, at, baseline, style);
      at += runWidth;
    }
  }

  measure(text: string, style: TextStyle): number {
    return this.#runs(visible(text), style.weight ?? 400).reduce(
      (sum, run) => sum + this.#measureRun(run, style.size),
      0,
    );
  }

  #drawRun({ text, face, level }: Run, x: number, baseline: number, { size, color = '#1f2937' }: TextStyle): void {
    const document = this.#document.font(face.id).fontSize(size).fillColor(color);
    if (face.stroke > 0) document.lineWidth(face.stroke * size).strokeColor(color);
    document.text(text, x, baseline, {
      lineBreak: false,
      baseline: 'alphabetic',
      ...(face.stroke > 0 && { fill: true, stroke: true }),
      // Laid out as a whole: word by word, its words would stand in the order of Latin.
      ...(isBackwards(level) && { features: ['kern'] }),
    });
  }

  #measureRun({ text, face, level }: Run, size: number): number {
    return this.#document
      .font(face.id)
      .fontSize(size)
      .widthOfString(text, isBackwards(level) ? { features: ['kern'] } : {});
  }

  #shrunk(text: string, width: number, style: TextStyle): TextStyle {
    const share = width / this.measure(text, style);
    // Rounded down, so that it fits for certain.
    return share >= 1 ? style : { ...style, size: Math.max(LEAST_SIZE, Math.floor(style.size * share * 20) / 20) };
  }

  #fit(text: string, width: number, style: TextStyle): { readonly line: string; readonly length: number } {
    const whole = this.measure(text, style);
    if (whole <= width) return { line: text, length: whole };
    const characters = Array.from(text);
    let [fits, tooMany] = [0, characters.length];
    while (tooMany - fits > 1) {
      const middle = Math.floor((fits + tooMany) / 2);
      if (this.measure(cut(characters, middle), style) <= width) fits = middle;
      else tooMany = middle;
    }
    const line = cut(characters, fits);
    return { line, length: this.measure(line, style) };
  }

  /** In the order in which they stand on the page, from left to right. */
  #runs(text: string, weight: Weight): Run[] {
    if (isPlain(text)) return [{ text, start: 0, face: this.#faces.plain(weight), level: 0 }];
    const levels = bidi.getEmbeddingLevels(text);
    const runs: Run[] = [];
    let start = 0;
    for (const character of text) {
      const level = levels.levels[start] ?? 0;
      this.#append(runs, { text: character, start, level, face: this.#faces.of(character, weight) });
      start += character.length;
    }
    const place = placesOf(text, bidi.getReorderSegments(text, levels));
    return runs.map(laidOut).toSorted((a, b) => (place[a.start] ?? 0) - (place[b.start] ?? 0));
  }

  /** Lengthens the last run by a character, or begins another. */
  #append(runs: Run[], next: Run): void {
    const last = runs.at(-1);
    // A blank between words that run backwards is theirs, so that they are laid out together.
    const isBlank = (next.text === ' ' || next.text === NON_JOINER) && isBackwards(next.level);
    if (last?.level === next.level && (isBlank || last.face === next.face))
      runs[runs.length - 1] = { ...last, text: last.text + next.text };
    else runs.push(next);
  }
}

const NON_JOINER = '\u200c';

const isBackwards = (level: number): boolean => level % 2 === 1;

/** As its font is to be handed a run: what only runs backwards for its neighbours is turned, and so are its brackets. */
function laidOut(run: Run): Run {
  if (!isBackwards(run.level)) return run;
  const characters = Array.from(run.text, (character) => bidi.getMirroredCharacter(character) ?? character);
  return { ...run, text: (RIGHT_TO_LEFT.test(run.text) ? characters : characters.toReversed()).join('') };
}

const cut = (characters: readonly string[], count: number): string =>
  `${characters.slice(0, count).join('').trimEnd()}…`;

/** Where each unit of a text stands once the parts that run backwards are turned. */
function placesOf(text: string, flips: readonly (readonly [start: number, end: number])[]): number[] {
  const order = Array.from({ length: text.length }, (_, index) => index);
  for (const [start, end] of flips) order.splice(start, end - start + 1, ...order.slice(start, end + 1).reverse());
  const places: number[] = [];
  for (const [place, index] of order.entries()) places[index] = place;
  return places;
}
