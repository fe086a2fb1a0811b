import { Agent, request } from 'node:http';

/** One request of a mix. */
export interface Paced {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PacedResult {
  /** In milliseconds, each from when the request was due: what waits behind a slow one is slow too. */
  readonly latencies: readonly number[];
  /** Of each, how late it was sent: that is the client's own doing, which the machine had kept from running. */
  readonly delays: readonly number[];
  readonly failures: number;
  /** Answers of kept routes, and those of them that came from the cache. */
  readonly kept: number;
  readonly hits: number;
}

const TICK_MS = 2;

/** Sends requests at a fixed rate, however fast the answers come. */
export async function paced(
  origin: string,
  next: () => Paced,
  { requestsPerSecond, seconds }: { readonly requestsPerSecond: number; readonly seconds: number },
): Promise<PacedResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const result = { latencies: [] as number[], delays: [] as number[], failures: 0, kept: 0, hits: 0 };
  const total = requestsPerSecond * seconds;
  const startedAt = performance.now();
  const answers: Promise<void>[] = [];
  while (answers.length < total) {
    const due = Math.min(total, ((performance.now() - startedAt) / 1_000) * requestsPerSecond);
    while (answers.length < due) answers.push(one(startedAt + (answers.length / requestsPerSecond) * 1_000));
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(answers);
  agent.destroy();
  return result;

  function one(dueAt: number): Promise<void> {
    const { path, headers } = next();
    result.delays.push(performance.now() - dueAt);
    return new Promise((resolve) => {
      const end = (failed: boolean) => {
        result.latencies.push(performance.now() - dueAt);
        if (failed) result.failures += 1;
        resolve();
      };
      const sent = request(origin + path, { agent, headers }, (answer) => {
        const source = answer.headers['x-cache'];
        if (source !== undefined) {
          result.kept += 1;
          if (source !== 'miss') result.hits += 1;
        }
        answer.resume();
        answer.once('end', () => {
          end((answer.statusCode ?? 500) >= 400);
        });
      });
      sent.once('error', () => {
        end(true);
      });
      sent.end();
    });
  }
}
