import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type Weight = 400 | 700;

/** One font file: the part of a family that draws some characters. */
export interface Face {
  /** Under which the document knows it. */
  readonly id: string;
  /** What is drawn along the outlines, in parts of the font's size: for families that come in one thin weight. */
  readonly stroke: number;
}

interface Family {
  readonly packageName: string;
  /** What it is there for: lists of some families name characters that they lack. */
  readonly draws: RegExp;
  /** Of the file of a part. */
  file(part: string, weight: Weight): string;
  stroke(weight: Weight): number;
}

const nameOf = (packageName: string): string => packageName.slice(packageName.indexOf('/') + 1);

/** Comes in regular and bold. */
const inWeights = (packageName: string, draws: RegExp): Family => ({
  packageName,
  draws,
  file: (part, weight) => `${nameOf(packageName)}-${part}-${String(weight)}-normal.woff`,
  stroke: () => 0,
});

/** Comes as a variable font, of which only the default weight can be embedded: the rest is made up by strokes. */
const inOneWeight = (packageName: string, draws: RegExp, regular: number, bold: number): Family => ({
  packageName,
  draws,
  file: (part) => `${nameOf(packageName)}-${part}-wght-normal.woff2`,
  stroke: (weight) => (weight === 700 ? bold : regular),
});

/** In the order in which they are asked. All are under the SIL Open Font License. */
const FAMILIES: readonly Family[] = [
  inWeights('@fontsource/noto-sans', /./u),
  inWeights('@fontsource/noto-sans-arabic', /\p{Script=Arabic}/u),
  inWeights('@fontsource/noto-sans-hebrew', /\p{Script=Hebrew}/u),
  inOneWeight('@fontsource-variable/noto-sans-thai', /\p{Script=Thai}/u, 0, 0.04),
  inOneWeight('@fontsource-variable/noto-sans-kr', /\p{Script=Hangul}/u, 0.03, 0.06),
  inOneWeight('@fontsource-variable/noto-emoji', /\p{Extended_Pictographic}|\p{Regional_Indicator}/u, 0.01, 0.03),
  inOneWeight('@fontsource-variable/noto-sans-sc', /./u, 0.03, 0.06),
];

interface Part {
  readonly family: Family;
  readonly name: string;
}

const resolve = createRequire(import.meta.url);

/** Which part of which family draws a character. Families cut their fonts into parts, so that few need be loaded. */
class Atlas {
  readonly #parts = new Map<number, Part | undefined>();
  readonly #ranges = new Map<Family, readonly (readonly [from: number, to: number, part: string])[]>();

  find(codePoint: number): Part | undefined {
    if (!this.#parts.has(codePoint)) this.#parts.set(codePoint, this.#look(codePoint));
    return this.#parts.get(codePoint);
  }

  #look(codePoint: number): Part | undefined {
    const character = String.fromCodePoint(codePoint);
    for (const family of FAMILIES) {
      if (!family.draws.test(character)) continue;
      const range = this.#rangesOf(family).find(([from, to]) => codePoint >= from && codePoint <= to);
      if (range !== undefined) return { family, name: range[2] };
    }
    return undefined;
  }

  #rangesOf(family: Family) {
    const known = this.#ranges.get(family);
    if (known !== undefined) return known;
    const file = resolve.resolve(`${family.packageName}/unicode.json`);
    const declared = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>;
    // The Latin ones are named last and overlap with the others.
    const ranges = Object.entries(declared)
      .toReversed()
      .flatMap(([name, list]) => list.split(',').map((range) => rangeOf(range, name.replaceAll(/[[\]]/g, ''))));
    this.#ranges.set(family, ranges);
    return ranges;
  }
}

/** `U+0370-0377` */
function rangeOf(range: string, part: string): readonly [number, number, string] {
  const [from = '', to = from] = range.trim().slice(2).split('-');
  return [parseInt(from, 16), parseInt(to, 16), part];
}

/** What Western names and all numbers are made of: drawn by one file, without looking at each character. */
export const isPlain = (text: string): boolean => /^[\x20-\x7e\u00a0-\u00ff–—‘’“”…€]*$/u.test(text);

const LATIN = 'latin';

interface Remembering {
  readonly _fontFamilies?: Readonly<Record<string, { layoutCache?: object }>>;
}

/** The fonts of a document, of which it embeds the characters that it shows. A font is loaded when a text needs it. */
export class Faces {
  readonly #document: PDFKit.PDFDocument;
  readonly #atlas = new Atlas();
  readonly #loaded = new Map<string, Face>();

  private constructor(document: PDFKit.PDFDocument) {
    this.#document = document;
  }

  static async of(document: PDFKit.PDFDocument): Promise<Faces> {
    const faces = new Faces(document);
    const family = FAMILIES[0];
    if (family !== undefined)
      for (const weight of [400, 700] as const) await faces.#load({ family, name: LATIN }, weight);
    return faces;
  }

  /** To be awaited before a text is drawn or measured in any weight. */
  async prepare(text: string): Promise<void> {
    if (isPlain(text)) return;
    for (const character of text) {
      const part = this.#atlas.find(character.codePointAt(0) ?? 0);
      if (part === undefined) continue;
      for (const weight of [400, 700] as const) await this.#load(part, weight);
    }
  }

  /**
   * Forgets how words were laid out so far, which pdfkit remembers until the document is done: of a long list, whose numbers never
   * come again, half of all that it held. The members are its own, and no part of what it promises: what is not there is left.
   */
  forgetWords(): void {
    const { _fontFamilies: fonts = {} } = this.#document as unknown as Remembering;
    for (const font of Object.values(fonts))
      if (font.layoutCache !== undefined) font.layoutCache = Object.create(null) as object;
  }

  plain(weight: Weight): Face {
    const face = this.#loaded.get(`${FAMILIES[0]?.packageName ?? ''}/${LATIN}/${String(weight)}`);
    if (face === undefined) throw new Error('The Latin font is loaded at first');
    return face;
  }

  /** Of a character that no font has, the Latin one, which draws a box for it. */
  of(character: string, weight: Weight): Face {
    const part = this.#atlas.find(character.codePointAt(0) ?? 0);
    return (part === undefined ? undefined : this.#loaded.get(idOf(part, weight))) ?? this.plain(weight);
  }

  async #load(part: Part, weight: Weight): Promise<void> {
    const id = idOf(part, weight);
    if (this.#loaded.has(id)) return;
    const { family, name } = part;
    const directory = dirname(resolve.resolve(`${family.packageName}/unicode.json`));
    const file = join(directory, 'files', family.file(name, weight));
    const bytes = await readFile(file);
    // As WOFF 2 some of their characters cannot be embedded.
    const font = file.endsWith('.woff2') ? await unpacked(bytes) : bytes;
    this.#document.registerFont(id, font);
    this.#loaded.set(id, { id, stroke: family.stroke(weight) });
  }
}

/** Its WebAssembly takes 20 MB, and most reports are in Latin letters alone. */
async function unpacked(bytes: Buffer): Promise<Buffer> {
  const { decompress } = await import('wawoff2');
  return Buffer.from(await decompress(bytes));
}

const idOf = ({ family, name }: Part, weight: Weight): string => `${family.packageName}/${name}/${String(weight)}`;
