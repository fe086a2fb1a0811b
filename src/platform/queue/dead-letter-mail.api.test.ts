import { afterEach, expect, test } from '@jest/globals';
import { silent, uniqueName, withDatabase, withRedis } from '../../../tests/environment/index.ts';
import { newId } from '../../shared/ids.ts';
import { asSystem } from '../database/scoped.ts';
import { mongoTransact } from '../database/transaction.ts';
import { Cursors } from '../security/cursors.ts';
import { DeadLetterCollector, type FailedJob } from './dead-letter-collector.ts';
import { deadLetterMail, type DeadLetterMailDeps } from './dead-letter-mail.ts';
import { deadLetters } from './dead-letter.model.ts';
import { DeadLetterStore } from './dead-letter.store.ts';

const database = withDatabase({
  collections: [deadLetters],
  unindexed: [{ collection: 'dead_letters', operation: 'delete', reason: 'empties it between tests' }],
});
const redis = withRedis();
const letters = () => deadLetters.on(database.primary);
const store = () =>
  new DeadLetterStore({ letters: letters(), cursors: new Cursors('a-secret-of-this-suite-0123456789abcdef') });

const FAILED_AT = Date.parse('2026-03-01T12:00:00Z');
const failed = (id: string): FailedJob => ({
  ...{ id, name: 'chores.call', data: {}, failedReason: 'nobody is there', stacktrace: [], attemptsMade: 1 },
  finishedOn: FAILED_AT,
});

const OPERATORS = 'ops@example.test';
let turn = uniqueName('turn');
let sent: string[] = [];
let isMailAway = false;

const sendEmail: ReturnType<DeadLetterMailDeps['queues']>['sendEmail'] = ({ to, body }) => {
  if (isMailAway) return Promise.reject(new Error('away'));
  sent.push(`${to} ${/Id: (\S+)/.exec(body)?.[1] ?? ''}`);
  return Promise.resolve(newId());
};
const takeTurn = async (who: string, everyMs: number) => {
  const key = `${redis.prefix}:${turn}`;
  return (await redis.client.set(key, who, 'PX', everyMs, 'NX')) === 'OK' || (await redis.client.get(key)) === who;
};

/** One whose queue has forgotten its failed jobs. */
const collector = (to: DeadLetterMailDeps['to']) =>
  new DeadLetterCollector(['chores'], {
    store: store(),
    failedSince: () => Promise.resolve([]),
    alert: deadLetterMail({
      ...{ to, takeTurn, queues: () => ({ sendEmail }) },
      transact: mongoTransact(database.primary, () => Promise.resolve()),
    }),
    logger: silent,
  });

afterEach(async () => {
  [turn, sent, isMailAway] = [uniqueName('turn'), [], false];
  await letters().deleteMany({}, asSystem('test'));
});

test('a mail tells operators of the first failure in ten minutes, and of none when nobody is to be told', async () => {
  await collector(undefined).collect('chores', failed('untold'));
  await collector(OPERATORS).collect('chores', failed('first'));
  await collector(OPERATORS).collect('chores', failed('second'));
  await collector(OPERATORS).sweep();
  expect(sent).toEqual(['ops@example.test first']);
});

test('a mail that could not be asked for is asked for by a sweep, once, though others failed and were noted in between', async () => {
  isMailAway = true;
  await collector(OPERATORS).collect('chores', failed('first'));
  await collector(OPERATORS).collect('chores', failed('second'));
  await expect(collector(OPERATORS).sweep()).rejects.toThrow('away');
  isMailAway = false;
  await Promise.all([collector(OPERATORS).sweep(), collector(OPERATORS).sweep()]);
  await collector(OPERATORS).sweep();
  expect(sent).toEqual(['ops@example.test first']);
});

test('a dead letter whose worker was killed right after it was noted is told of by another', async () => {
  const { id: jobId = '', name, failedReason: reason } = failed('first');
  const noted = { queue: 'chores', jobId, name, reason, payload: {}, stacks: [], attempts: 1 };
  await store().note({ ...noted, failedAt: new Date(FAILED_AT) });
  await collector(OPERATORS).sweep();
  expect(sent).toEqual(['ops@example.test first']);
});
