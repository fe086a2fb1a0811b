declare module 'wawoff2' {
  /** WOFF 2 to the TrueType inside of it. */
  export function decompress(woff2: Uint8Array): Promise<Uint8Array>;
}

declare module 'bidi-js' {
  export interface Levels {
    /** Of each UTF-16 unit; odd ones run from right to left. */
    readonly levels: Uint8Array;
  }
  /** The algorithm of UAX 9. */
  export interface Bidi {
    getEmbeddingLevels(text: string, direction?: 'ltr' | 'rtl'): Levels;
    /** A bracket as it is drawn where it runs backwards; null for what looks the same. */
    getMirroredCharacter(character: string): string | null;
    getReorderSegments(text: string, levels: Levels): readonly (readonly [start: number, end: number])[];
  }
  export default function bidiFactory(): Bidi;
}

declare module 'exceljs/lib/stream/xlsx/workbook-writer.js' {
  import type Excel from 'exceljs';

  export default class WorkbookWriter extends Excel.stream.xlsx.WorkbookWriter {}
}
