import { readdirSync, readFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/*
 * For a process that answers, where no answer should wait for the collector. To be imported before anything else.
 * docs/performance.md has what that is worth.
 *
 * The whole heap is collected once it has doubled. By V8's own measure one that answers a few hundred requests a second is idle
 * enough to be collected for every 10 MB that it grows by: once a second.
 */
setFlagsFromString('--heap-growing-percent=100');

/*
 * V8 puts what outlived a few collections of the nursery into the old space from then on, by where in the code it is made. In about every
 * second process it came to think so of what belongs to a request: then all of it waited for a collection of the whole heap.
 */
setFlagsFromString('--no-allocation-site-pretenuring');

/** Beyond its own. Each of the four then weighs a tenth of the thread that answers. */
const NICENESS = 10;
const THREADS = '/proc/self/task';

/**
 * V8 marks on four threads beside the one that answers. On a core that all of them share, which is all that one of several API
 * processes has, four fifths of it went to them for a tenth of a second. Linux alone has a priority for each thread.
 */
function favourTheMainThread(): void {
  const niceness = Math.min(getPriority() + NICENESS, constants.priority.PRIORITY_LOW);
  for (const id of unlessRefused(() => readdirSync(THREADS)) ?? []) {
    unlessRefused(() => {
      if (nameOf(id).startsWith('V8Worker')) setPriority(Number(id), niceness);
    });
  }
}

const nameOf = (id: string): string => readFileSync(`${THREADS}/${id}/comm`, 'utf8');

/** What the system says no to is left as it is, such as a thread that has ended meanwhile: no process needs this to do its work. */
function unlessRefused<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return undefined;
    throw error;
  }
}

favourTheMainThread();
