import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/*
 * For a process that answers, where no answer should wait for the collector. To be imported before anything else.
 * docs/performance.md has what that is worth.
 *
 * The whole heap is collected once it has doubled. By V8's own measure one that answers a few hundred requests a second is idle
 * enough to be collected for every 10 MB that it grows by: once a second.
 */
setFlagsFromString('--heap-growing-percent=100');

/** Each of the four then weighs a tenth of the thread that answers. */
const NICENESS = 10;
const THREADS = '/proc/self/task';

/**
 * V8 marks on four threads beside the one that answers. On a core that all of them share, which is all that one of several API
 * processes has, four fifths of it went to them for a tenth of a second. Linux alone has a priority for each thread.
 */
function favourTheMainThread(): void {
  for (const id of threadIds()) {
    if (nameOf(id).startsWith('V8Worker')) setPriority(Number(id), NICENESS);
  }
}

function threadIds(): readonly string[] {
  try {
    return readdirSync(THREADS);
  } catch {
    return [];
  }
}

const nameOf = (id: string): string => readFileSync(`${THREADS}/${id}/comm`, 'utf8');

favourTheMainThread();
