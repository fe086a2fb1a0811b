import { styleText } from 'node:util';
import { LaunchError } from './launch-error.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
const BAR_WIDTH = 24;
const NAME_WIDTH = 16;

/**
 * What a step tells while it works.
 * @param share how much is done, from 0 to 1, where that is known.
 */
export type Progress = (note: string, share?: number) => void;

/** Anything with lines: standard output, or a test that listens. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Shows how the launcher gets on: a line a step, moving on a terminal, plain in a log. */
export class Terminal {
  readonly #screen: Screen;
  readonly #quiet: boolean;
  #moving: NodeJS.Timeout | undefined;

  constructor(screen: Screen, quiet: boolean) {
    this.#screen = screen;
    this.#quiet = quiet;
  }

  /** Runs one step. What it has noted last is told behind its tick. */
  async step<T>(name: string, work: (progress: Progress) => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const line = this.#begin(name);
    try {
      const result = await work(line.progress);
      this.#finish();
      const seconds = `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
      this.line(
        `${styleText('green', '✔')} ${name.padEnd(NAME_WIDTH)}${styleText('dim', seconds.padStart(7))}  ${line.note()}`,
      );
      return result;
    } catch (error) {
      this.#finish();
      throw error;
    }
  }

  /** A line that `--quiet` leaves out. */
  line(text: string): void {
    if (!this.#quiet) this.say(text);
  }

  /** A line that is always shown. */
  say(text: string): void {
    this.#clear();
    this.#screen.write(`${text}\n`);
  }

  /** Why the launcher cannot go on: one line where the reason is known, everything where it is our own fault. */
  fail(error: unknown): void {
    this.#finish();
    const known = error instanceof LaunchError ? error.message : undefined;
    const text = known ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
    this.say(`${styleText('red', '✖')} ${text}`);
  }

  #begin(name: string): { readonly progress: Progress; note(): string } {
    let note = '';
    let share: number | undefined;
    const moves = this.#screen.isTTY === true && !this.#quiet;
    let frame = 0;
    const draw = (): void => {
      const sign = FRAMES[frame++ % FRAMES.length] ?? '';
      const bar = share === undefined ? '' : `${barOf(share)} ${String(Math.floor(share * 100)).padStart(3)} %  `;
      this.#screen.write(`\r\u001b[K${styleText('cyan', sign)} ${name.padEnd(NAME_WIDTH)} ${bar}${note}`);
    };
    if (moves) this.#moving = setInterval(draw, FRAME_MS);
    const progress = (newNote: string, newShare?: number): void => {
      note = newNote;
      share = newShare;
    };
    return { progress, note: () => note };
  }

  #finish(): void {
    clearInterval(this.#moving);
    this.#clear();
    this.#moving = undefined;
  }

  #clear(): void {
    if (this.#moving !== undefined) this.#screen.write('\r\u001b[K');
  }
}

function barOf(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
}

/** Rows of two columns under headings, indented. */
export function table(
  sections: readonly (readonly [heading: string, rows: readonly (readonly [string, string])[]])[],
): string {
  const width = Math.max(...sections.flatMap(([, rows]) => rows.map(([left]) => left.length))) + 3;
  return sections
    .map(([heading, rows]) =>
      [styleText('bold', heading), ...rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`)].join('\n'),
    )
    .join('\n\n');
}
