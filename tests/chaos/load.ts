/** What became of one call. */
export interface Outcome {
  /** When it was sent, on the clock of `performance.now()`. */
  readonly sentAt: number;
  readonly tookMs: number;
  /** 0 when the connection broke. */
  readonly status: number;
  readonly retryAfter: boolean;
  /** Of a connection that broke, how. */
  readonly body: string;
}

export interface Load {
  /** Sends nothing any more, waits for the answers, and gives them in the order of their sending. */
  stop(): Promise<readonly Outcome[]>;
}

/** Sends calls at a steady rate, whether or not the earlier ones have been answered: as people do. */
export function load(perSecond: number, call: (index: number) => Promise<Response>): Load {
  const begun = performance.now();
  const sent: Promise<Outcome>[] = [];
  const timer = setInterval(() => {
    const due = ((performance.now() - begun) / 1_000) * perSecond;
    while (sent.length < due) sent.push(outcomeOf(call(sent.length)));
  }, 5);
  return {
    stop() {
      clearInterval(timer);
      return Promise.all(sent);
    },
  };
}

/** Waits for the answer to a call and all of its body. */
export async function outcomeOf(called: Promise<Response>): Promise<Outcome> {
  const sentAt = performance.now();
  try {
    const answer = await called;
    const body = await answer.text();
    const retryAfter = answer.headers.has('retry-after');
    return { sentAt, tookMs: performance.now() - sentAt, status: answer.status, retryAfter, body };
  } catch (error) {
    // What fetch throws says only that it failed.
    const { cause = error } = error as Error;
    return { sentAt, tookMs: performance.now() - sentAt, status: 0, retryAfter: false, body: String(cause) };
  }
}
