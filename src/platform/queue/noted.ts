import { setTimeout as sleep } from 'node:timers/promises';
import { MINUTE_MS } from '../../shared/time.ts';

/** Longer than a database takes to have a new primary, and than the attempt: whoever tries next must find the note. */
const NOTE_MS = 5 * MINUTE_MS;
const PAUSE_MS = 250;

/**
 * Notes in the database what was done outside of it and cannot be undone, such as a mail that its server has taken: tries it
 * over and over while the database does not take it. Goes on for as long also when the attempt is given up meanwhile.
 * @param note harmless to repeat
 * @throws whatever the last try threw
 */
export async function untilNoted(note: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + NOTE_MS;
  for (;;) {
    try {
      await note();
      return;
    } catch (error) {
      if (performance.now() >= until) throw error;
      await sleep(PAUSE_MS, undefined, { ref: false });
    }
  }
}
