import type { DocumentStream } from './cursors.ts';
import type { CommandContext } from './context.ts';

/** Documents that are taken from an aggregation at a time, to be written in one go. */
const PAGE = 256;

/** Hands each result to `write`, which is done with it when it returns; waits for the disk now and then. */
export async function forEachResult(
  { operation, services }: CommandContext,
  stream: DocumentStream,
  write: (bytes: Buffer) => void | Promise<void>,
): Promise<void> {
  try {
    while (!stream.isDone) {
      for (const bytes of await stream.next(PAGE, operation)) {
        const written = write(bytes);
        if (written !== undefined) await written;
      }
      // Bounds what is on its way to the disk.
      await services.writer.committed();
      operation.check();
    }
  } finally {
    stream.close?.();
  }
}
