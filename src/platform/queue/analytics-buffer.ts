import { SECOND_MS } from '../../shared/time.ts';
import { EnqueueRefused } from './admission.ts';
import { batchId, encodeTracked, ingestAnalytics, type EncodedEvent } from './analytics.jobs.ts';
import type { JobRequest } from './job.ts';
import type { AnalyticsEvent } from './outlets.ts';

export interface AnalyticsBufferDeps {
  readonly enqueue: (requests: readonly JobRequest[]) => Promise<void>;
}

export interface AnalyticsBufferLimits {
  /** Events of one job. */
  readonly batch?: number;
  /** How long an event waits for others, in milliseconds. */
  readonly everyMs?: number;
  /** How many may wait, such as while Redis is away; those beyond are dropped. */
  readonly maxWaiting?: number;
}

/** Gathers events that may be lost into jobs of many. What it cannot keep it drops, and counts. */
export class AnalyticsBuffer {
  readonly #deps: AnalyticsBufferDeps;
  readonly #limits: Required<AnalyticsBufferLimits>;
  #waiting: EncodedEvent[] = [];
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(
    deps: AnalyticsBufferDeps,
    { batch = 500, everyMs = SECOND_MS, maxWaiting = 20_000 }: AnalyticsBufferLimits = {},
  ) {
    this.#deps = deps;
    this.#limits = { batch, everyMs, maxWaiting };
  }

  /** Events that were dropped since the start of this process. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @returns whether it was taken: not when too many wait, or when it is no event at all */
  track(event: AnalyticsEvent): boolean {
    const encoded = this.#waiting.length < this.#limits.maxWaiting ? encodeTracked(event) : undefined;
    if (encoded === undefined) {
      this.#dropped += 1;
      return false;
    }
    this.#waiting.push(encoded);
    if (this.#waiting.length >= this.#limits.batch) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), this.#limits.everyMs);
    return true;
  }

  /** Enqueues what waits. Never rejects: what Redis does not take now waits for the next time. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => void this.flush(), this.#limits.everyMs);
    });
    return this.#sending;
  }

  /** Hands on what waits, as far as Redis takes it; what is left is lost with the process. */
  async close(): Promise<void> {
    await this.flush();
    // What has come in since the batch under way began.
    await this.flush();
    clearTimeout(this.#timer);
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#limits.batch);
      try {
        await this.#deps.enqueue([jobOf(batch)]);
      } catch (error) {
        if (error instanceof EnqueueRefused) {
          this.#dropped += batch.length;
          continue;
        }
        // Perhaps it was taken and the answer came too late: then its events come twice, in jobs of two ids, and count once.
        this.#waiting.unshift(...batch);
        return;
      }
    }
  }
}

function jobOf(events: readonly EncodedEvent[]): JobRequest {
  return { contract: ingestAnalytics, payload: { events }, id: batchId(events.map(({ id }) => id)) };
}
