import type { DestinationStream } from 'pino';

/** A batch of so many characters is handed on at once. */
export const BATCH_LENGTH = 65_536;
/** How long a line waits for others. */
const WAIT_MS = 100;

/** Where batches go: what is written there waits for one of the others. */
export interface BatchOutput extends DestinationStream {
  /** Begins to put out what waits. */
  flush(): void;
  /** Returns when it is out. */
  flushSync(): void;
}

/**
 * Gathers lines into batches: a write for each costs more than a cached answer. sonic-boom, which pino writes by, gathers them too, but
 * measures all that it has gathered anew with each line, which at some thousand lines a second is a seventh of the process's time.
 */
export class LineBatches implements DestinationStream {
  readonly #output: BatchOutput;
  #lines = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(output: BatchOutput) {
    this.#output = output;
    process.prependListener('exit', () => {
      this.flushSync();
    });
  }

  write(line: string): void {
    this.#lines += line;
    if (this.#lines.length >= BATCH_LENGTH) this.#flush();
    else
      this.#timer ??= setTimeout(() => {
        this.#flush();
      }, WAIT_MS).unref();
  }

  /** Called by pino at a fatal line as well. */
  flushSync(): void {
    this.#handOn();
    this.#output.flushSync();
  }

  #flush(): void {
    this.#handOn();
    this.#output.flush();
  }

  #handOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#output.write(lines);
  }
}
