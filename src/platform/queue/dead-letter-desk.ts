import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import { Problem, type ProblemKind } from '../../shared/problem.ts';
import type { Now } from '../../shared/time.ts';
import { asSystem } from '../database/scoped.ts';
import type { Transact } from '../database/transaction.ts';
import { redact, REDACTED } from '../observability/redact.ts';
import type { AppendEvent } from '../outbox/event.ts';
import type { DeadLetter } from './dead-letter.model.ts';
import { jobsReplayed, type ReplayedJob } from './dead-letter.events.ts';
import type { DeadLetterCard, DeadLetterFilter, DeadLetterStore } from './dead-letter.store.ts';
import { isJobId, type JobContract } from './job.ts';
import type { QueueService } from './queue.service.ts';

export const deadLetterNotFound: ProblemKind = {
  code: 'dead-letter-not-found',
  status: 404,
  title: 'Dead letter not found',
};
export const notReplayable: ProblemKind = {
  code: 'dead-letter-not-replayable',
  status: 409,
  title: 'Dead letter cannot be done again',
};

const NOT_OPEN = 'There is no open dead letter of this id';

const system = asSystem('replay of dead letters');

export interface DeadLetterDeskDeps {
  readonly store: DeadLetterStore;
  readonly queues: Pick<QueueService, 'removeFailed'>;
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  /** Of every job that there is. */
  readonly contracts: readonly JobContract[];
  readonly now: Now;
}

/** What operators do with jobs that failed for good. */
export class DeadLetterDesk {
  readonly #deps: DeadLetterDeskDeps;
  readonly #contracts: ReadonlyMap<string, JobContract>;

  constructor(deps: DeadLetterDeskDeps) {
    this.#deps = deps;
    this.#contracts = new Map(deps.contracts.map((contract) => [contract.name, contract]));
  }

  list(filter: DeadLetterFilter, page: PageQuery): Promise<Page<DeadLetterCard>> {
    return this.#deps.store.findPage(filter, page);
  }

  /** One with its payload, what must not be read left out. @throws Problem `dead-letter-not-found` */
  async inspect(id: Id): Promise<DeadLetter> {
    const letter = await this.#deps.store.find(id);
    if (letter === undefined) throw new Problem(deadLetterNotFound, 'There is no dead letter of this id');
    return { ...letter, payload: redact(letter.payload) };
  }

  /**
   * Has a job done again, as it was or with another payload. What `inspect` has left out may be left as shown.
   * @throws Problem `dead-letter-not-found`, or `dead-letter-not-replayable` when the payload does not fit its contract
   */
  async replay(id: Id, edited?: unknown): Promise<void> {
    const [letter] = await this.#deps.store.findOpen([id]);
    if (letter === undefined) throw new Problem(deadLetterNotFound, NOT_OPEN);
    const [replayed] = await this.#replay([this.#replayOf(letter, edited)]);
    if (replayed === undefined) throw new Problem(deadLetterNotFound, NOT_OPEN);
  }

  /** Has all of them done again that are open and still fit their contracts; the others are passed over. */
  async replayAll(ids: readonly Id[]): Promise<Replayed> {
    const open = new Map((await this.#deps.store.findOpen(ids)).map((letter) => [Id.encode(letter._id), letter]));
    const looked = [...new Set(ids.map((id) => Id.encode(id)))].map((id) => this.#lookAt(Id.decode(id), open.get(id)));
    const replayed = await this.#replay(looked.filter((each) => 'job' in each));
    const others = looked.filter((each) => 'reason' in each || !replayed.includes(each));
    const skipped = others.map((each) => ('reason' in each ? each : { id: each.letter._id, reason: NOT_OPEN }));
    return { count: replayed.length, skipped };
  }

  /**
   * Settles them, and takes their jobs out of the queues, where they would count as failed for as long as failed ones are kept.
   * Settled last: one that is broken off in between can be discarded again.
   * @returns how many of them were open
   */
  async discard(ids: readonly Id[]): Promise<number> {
    const { store, now } = this.#deps;
    const open = await store.findOpen(ids);
    await this.#removeJobs(open);
    return store.settle(idsOf(open), 'discarded', now());
  }

  /**
   * Settles them and asks for their jobs in one transaction, by the outbox: a loss of Redis takes no replay along.
   * @returns those that nobody else has settled meanwhile
   */
  async #replay(replays: readonly Replay[]): Promise<readonly Replay[]> {
    if (replays.length === 0) return [];
    const { transact, appendEvent, store, now } = this.#deps;
    const letters = replays.map(({ letter }) => letter);
    // While the failed one is there, its id is taken.
    await this.#removeJobs(letters);
    return transact(system, async (access) => {
      const open = (await store.findOpen(idsOf(letters), access)).map(({ _id }) => Id.encode(_id));
      const ours = replays.filter(({ letter }) => open.includes(Id.encode(letter._id)));
      if (ours.length === 0) return [];
      await store.settle(idsOf(letters), 'replayed', now(), access);
      await appendEvent(system, jobsReplayed(ours.map(({ job }) => job)), access);
      return ours;
    });
  }

  async #removeJobs(letters: readonly DeadLetter[]): Promise<void> {
    for (const { queue, jobId } of letters) await this.#deps.queues.removeFailed(queue, jobId);
  }

  #lookAt(id: Id, letter: DeadLetter | undefined): Replay | Skipped {
    if (letter === undefined) return { id, reason: NOT_OPEN };
    try {
      return this.#replayOf(letter);
    } catch (error) {
      if (error instanceof Problem) return { id, reason: error.message };
      throw error;
    }
  }

  /** @throws Problem where a text was edited of which a part was left out: nobody could say what belongs there */
  #restored(edited: unknown, stored: unknown): unknown {
    const payload = restored(edited, redact(stored), stored);
    if (JSON.stringify(payload).includes(REDACTED)) {
      throw new Problem(notReplayable, `Leave a text that holds ${REDACTED} as it is, or replace all of it`);
    }
    return payload;
  }

  #replayOf(letter: DeadLetter, edited?: unknown): Replay {
    const contract = this.#contracts.get(letter.name);
    if (contract === undefined) throw new Problem(notReplayable, `There is no job '${letter.name}' any more`);
    const payload = edited === undefined ? letter.payload : this.#restored(edited, letter.payload);
    const parsed = z.safeDecode(contract.payload, payload);
    if (!parsed.success) {
      const errors = parsed.error.issues.map(({ path, message }) => ({
        path: ['body', 'payload', ...path.map(String)].join('.'),
        message,
      }));
      throw new Problem(notReplayable, 'The payload does not fit the job', { errors });
    }
    const id = edited === undefined ? letter.jobId : contract.idOf(parsed.data);
    if (!isJobId(id)) throw new Problem(notReplayable, `The payload makes '${id}', which no queue takes as a job's id`);
    return { letter, job: { name: contract.name, payload, id } };
  }
}

/** One that was not done again, and why. */
export interface Skipped {
  readonly id: Id;
  readonly reason: string;
}

export interface Replayed {
  readonly count: number;
  readonly skipped: readonly Skipped[];
}

interface Replay {
  readonly letter: DeadLetter;
  readonly job: ReplayedJob;
}

/** Puts back what was left out for the reader, wherever the edited payload still says what was shown. */
function restored(edited: unknown, shown: unknown, stored: unknown): unknown {
  if (isDeepStrictEqual(edited, shown)) return stored;
  if (Array.isArray(edited)) {
    const [seen, kept] = [listOf(shown), listOf(stored)];
    const items = edited.map((item, index) => restored(item, seen[index], kept[index]));
    // Of a long list the first are shown.
    return [...items, ...kept.slice(seen.length)];
  }
  if (typeof edited !== 'object' || edited === null) return edited;
  const [seen, kept] = [fieldsOf(shown), fieldsOf(stored)];
  return Object.fromEntries(Object.entries(edited).map(([key, value]) => [key, restored(value, seen[key], kept[key])]));
}

const idsOf = (letters: readonly DeadLetter[]): Id[] => letters.map(({ _id }) => _id);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
