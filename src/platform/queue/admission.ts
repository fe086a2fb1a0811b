import { SECOND_MS } from '../../shared/time.ts';
import { Problem, type ProblemKind } from '../../shared/problem.ts';
import type { JobRequest } from './job.ts';

export const queueFull: ProblemKind = { code: 'queue-full', status: 503, title: 'The queues are nearly full' };

const RETRY_AFTER_SECONDS = 30;

/** Jobs that are not taken while the queues' Redis is short of memory; all others of the same call were. */
export class EnqueueRefused extends Problem {
  readonly refused: readonly JobRequest[];

  constructor(refused: readonly JobRequest[] = []) {
    super(queueFull, 'What can wait is not taken at the moment', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    this.refused = refused;
  }
}

/** How much room there is in the Redis of the queues. */
export interface RedisRoom {
  /** Used memory over `maxmemory`; 0 when there is no limit. */
  readonly usedRatio: number;
  /** What it does when it is full. Anything but `noeviction` throws jobs away. */
  readonly evictionPolicy: string;
}

const SHORT_RATIO = 0.8;
const LOOK_MS = SECOND_MS;

/** Decides what may still be enqueued. Looks at most once a second, and only when it is asked. */
export class Admission {
  readonly #info: () => Promise<string>;
  #lookedAt = -Infinity;
  #looking: Promise<RedisRoom> | undefined;

  /** @param info what `INFO memory` answers */
  constructor(info: () => Promise<string>) {
    this.#info = info;
  }

  room(): Promise<RedisRoom> {
    const now = performance.now();
    if (this.#looking === undefined || now - this.#lookedAt > LOOK_MS) {
      this.#lookedAt = now;
      this.#looking = this.#info().then(roomOf);
      // Told to whoever waits for it; the next one looks again.
      this.#looking.catch(() => (this.#looking = undefined));
    }
    return this.#looking;
  }

  async isShort(): Promise<boolean> {
    return (await this.room()).usedRatio > SHORT_RATIO;
  }
}

/** What is wrong with a Redis of queues, as a code for the health; undefined when nothing is. */
export function faultOf({ usedRatio, evictionPolicy }: RedisRoom): string | undefined {
  if (evictionPolicy !== 'noeviction') return 'QUEUE_REDIS_EVICTS';
  return usedRatio > SHORT_RATIO ? 'QUEUE_REDIS_NEARLY_FULL' : undefined;
}

function roomOf(info: string): RedisRoom {
  const fields = new Map(
    info.split('\r\n').map((line) => {
      const [name = '', value = ''] = line.split(':', 2);
      return [name, value] as const;
    }),
  );
  const [used, most] = [Number(fields.get('used_memory') ?? 0), Number(fields.get('maxmemory') ?? 0)];
  return { usedRatio: most === 0 ? 0 : used / most, evictionPolicy: fields.get('maxmemory_policy') ?? 'unknown' };
}
