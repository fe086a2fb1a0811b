import { readLines } from '../../../platform/files/lines.ts';
import type { Cell } from './document.ts';

const SOME = 500;

/** The rows of a report, one by one, out of the file in which they lie. @param passed is told now and then how many there were */
export async function* readRows(file: string, passed: (rows: number) => void): AsyncGenerator<readonly Cell[]> {
  let rows = 0;
  for await (const line of readLines(file)) {
    yield JSON.parse(line) as Cell[];
    rows += 1;
    if (rows % SOME === 0) passed(rows);
  }
}

/** Writes a report in one format: its rows are read from a file, and what is made of them is written to another. */
export interface RenderTask {
  readonly rowsFile: string;
  readonly targetFile: string;
  readonly passed: (rows: number) => void;
}
