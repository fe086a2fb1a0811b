import { afterAll, beforeAll, expect } from '@jest/globals';
import { childEnvironment, loadConfig, type VariableOverrides } from '../../src/config/index.ts';
import { collections } from '../../src/container/collections.ts';
import { createContainer, type Container } from '../../src/container.ts';
import { asSystem } from '../../src/platform/database/scoped.ts';
import { deadLetters } from '../../src/platform/queue/dead-letter.model.ts';
import { startChild, type Child } from '../child.ts';
import { eventually, uniqueName, variablesFor, withDatabase, type TestDatabase } from '../environment/index.ts';
import { startRedis, type RedisProcess } from '../redis.ts';
import { rowOfChance } from './chance.ts';
import { chores } from './chores.ts';

/** Workers in processes of their own, over servers that a test breaks; the test itself asks for the work. */
export interface Work {
  readonly container: Container;
  readonly redis: RedisProcess;
  readonly database: TestDatabase;
  /** What the processes are started with. */
  readonly variables: VariableOverrides;
  /** Starts one of our processes; what still runs after the last test is killed. */
  run(path: string, args: readonly string[], extra?: VariableOverrides): Child;
  /** Jobs of a queue that are not done; -1 while nobody knows. */
  left(queue: string): Promise<number>;
  /**
   * Does again, as an operator does, what is a dead letter because chance has killed its worker twice. Nothing else may
   * be one.
   * @returns how many there were
   */
  replayKilledTwice(queue: string): Promise<number>;
}

/** @param smtpUrl where mails go; asked for once there is a server */
export function withWork(smtpUrl: () => string, ...redisArgs: readonly string[]): Work {
  // Across all that the platform does, some of which reads as an operator would.
  const database = withDatabase({
    collections: [...collections, chores],
    unindexed: [
      { collection: 'chores', operation: 'find', reason: 'only tests ask for all chores' },
      { collection: 'mails', operation: 'find', reason: 'only tests ask for the mails of somebody' },
    ],
  });
  const children: Child[] = [];
  let made: { readonly container: Container; readonly redis: RedisProcess; readonly variables: VariableOverrides };
  beforeAll(async () => {
    const redis = await startRedis(...redisArgs);
    const variables = {
      ...variablesFor(database, { url: redis.url, prefix: uniqueName('work') }),
      LOG_LEVEL: 'info',
      SMTP_URL: smtpUrl(),
      WORKER_PORT: '0',
      MAIL_PER_SECOND: '1000',
    } satisfies VariableOverrides;
    const container = createContainer(loadConfig({ ...childEnvironment(variables), LOG_LEVEL: 'silent' }), 'test');
    await container.database().connect();
    made = { container, redis, variables };
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(({ ended }) => ended));
    await made.container.close();
    await made.redis.stop();
  });
  return {
    database,
    get container() {
      return made.container;
    },
    get redis() {
      return made.redis;
    },
    get variables() {
      return made.variables;
    },
    run(path, args, extra = {}) {
      const child = startChild(path, args, { ...made.variables, ...extra });
      children.push(child);
      return child;
    },
    async left(queue) {
      const counts = (await made.container.queue().getHealthStatus()).queues[queue];
      return counts === undefined ? -1 : counts.waiting + counts.active + counts.delayed;
    },
    async replayKilledTwice(queue) {
      const open = { queue, state: 'open' } as const;
      const letters = await deadLetters.on(database.primary).find(open, null, asSystem('test')).lean();
      expect(letters.filter(({ reason }) => !reason.includes('stalled again'))).toEqual([]);
      await made.container.deadLetterDesk().replayAll(letters.map(({ _id }) => _id));
      while ((await made.container.relay().relayBatch()) > 0);
      return letters.length;
    },
  };
}

/** Whether all jobs of a queue are done; those killed twice are done again first. */
async function isDrained(work: Work, queue: string): Promise<boolean> {
  if ((await work.left(queue)) !== 0 || (await work.replayKilledTwice(queue)) > 0) return false;
  // One that has failed just now is a dead letter a little later.
  return (await work.container.queue().getHealthStatus()).queues[queue]?.failed === 0;
}

const KILLS = 6;
const DONE_MS = 240_000;

/** What chance has done to the workers. */
export interface Kills {
  readonly killed: number;
  /** Jobs that were under way in those killed, and taken over. */
  readonly leftBehind: number;
}

export interface Killing {
  /** Between two kills, on average. */
  readonly everyMs: number;
  /** What the workers are started with. */
  readonly extra?: VariableOverrides;
  /** How long they may take, in milliseconds: while they are killed, and for the rest after that. */
  readonly withinMs?: number;
}

/** Kills workers of a kind until nothing that was asked for is left. */
export const killWhileWorking = (work: Work, kind: string, { extra, ...how }: Killing): Promise<Kills> =>
  killUntilDone(
    () => work.run('workers/main.ts', [kind], extra),
    how,
    async () => {
      // What still waits in the outbox is left as well.
      await work.container.relay().relayBatch();
      return isDrained(work, kind);
    },
  );

/**
 * Keeps two processes running and kills them at random, until it has killed enough or the work is done; then lets them finish it.
 * @param isDone asked all the time, also while they are killed
 */
export async function killUntilDone(
  start: () => Child,
  { everyMs, withinMs = DONE_MS }: Omit<Killing, 'extra'>,
  isDone: () => Promise<boolean>,
): Promise<Kills> {
  const chaos = killAtRandom(start, 2, everyMs);
  try {
    await eventually(async () => chaos.kills >= KILLS || (await isDone()), withinMs);
    chaos.stop();
    await eventually(isDone, withinMs);
  } finally {
    await chaos.end();
  }
  return { killed: chaos.kills, leftBehind: chaos.leftBehind() };
}

/** Kills one working process after the other at random moments, `everyMs` apart on average, and puts another in the place of each, until it is told to stop. */
function killAtRandom(start: () => Child, count: number, everyMs: number) {
  const chance = rowOfChance();
  const running = Array.from({ length: count }, start);
  const started = [...running];
  let kills = 0;
  let timer: NodeJS.Timeout;
  const replace = (victim: Child): void => {
    victim.kill('SIGKILL');
    kills += 1;
    const next = start();
    running[running.indexOf(victim)] = next;
    started.push(next);
  };
  const killLater = (): void => {
    timer = setTimeout(
      () => {
        // One that has not begun leaves nothing behind.
        const atWork = running.filter((child) => child.log().includes('"message":"working"'));
        const victim = atWork[Math.floor(chance() * atWork.length)];
        if (victim !== undefined) replace(victim);
        killLater();
      },
      everyMs * (0.5 + chance()),
    );
  };
  killLater();
  return {
    get kills() {
      return kills;
    },
    leftBehind: () => started.reduce((sum, child) => sum + child.log().split('was left behind').length - 1, 0),
    /** Kills no more; those that run then go on. */
    stop: () => {
      clearTimeout(timer);
    },
    /** Kills no more, and has those that run end by themselves: the next test must not find them. */
    async end() {
      clearTimeout(timer);
      for (const child of running) child.kill('SIGTERM');
      await Promise.all(running.map(({ ended }) => ended));
    },
  };
}
