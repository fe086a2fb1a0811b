import type { DestinationStream } from 'pino';

/** A batch of so many characters is handed on at once. */
const BATCH_LENGTH = 65_536;
/** How long a line waits for others. */
const WAIT_MS = 100;

/** Where batches go. */
export interface BatchOutput {
  write(batch: string): void;
  /** Returns when the batch is out, behind all that was written before. */
  writeSync(batch: string): void;
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
    this.#output.writeSync(this.#take());
  }

  #flush(): void {
    this.#output.write(this.#take());
  }

  #take(): string {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = '';
    return lines;
  }
}
