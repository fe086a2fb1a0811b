import { expect, test } from '@jest/globals';
import { withDatabase } from '../../../tests/environment/index.ts';
import { newId } from '../../shared/ids.ts';
import type { RequestContext } from '../../shared/scope.ts';
import { asSystem } from '../database/scoped.ts';
import { mongoTransact } from '../database/transaction.ts';
import { Effects, effects } from '../queue/effects.ts';
import { keptAnswers } from './answer.store.ts';
import { Idempotency } from './once.ts';

const database = withDatabase({ collections: [keptAnswers, effects] });
const clock = { at: new Date() };
const now = () => clock.at;
const idempotency = () => new Idempotency({ answers: keptAnswers.on(database.primary), now });
const system = asSystem('test');

function request(overrides: Partial<RequestContext> = {}): RequestContext {
  const user = newId();
  return {
    actor: { kind: 'user', id: user },
    scope: { kind: 'user', userId: user },
    requestId: 'request',
    traceparent: undefined,
    address: '127.0.0.1',
    deadlineAt: clock.at.getTime() + 30_000,
    ifMatch: undefined,
    idempotencyKey: 'key-1',
    ...overrides,
  };
}

/** Work that counts itself by rows, so that what a failed transaction did is not counted. */
function countedWork(part: Idempotency) {
  const transact = mongoTransact(database.primary, part.keepAnswer);
  const rows = new Effects({ effects: effects.on(database.primary), now });
  const name = newId().toHexString();
  return {
    run: () =>
      transact(system, async (access) => {
        const row = newId().toHexString();
        await rows.claim(`${name}-${row}`, access);
        return { row, left: undefined };
      }),
    count: () => effects.on(database.primary).countDocuments({ _id: { $gte: name, $lt: `${name}~` } }, system),
  };
}

test('the same request again is answered by what was kept, byte by byte, and not done again', async () => {
  const part = idempotency();
  const work = countedWork(part);
  const context = request();
  const first = await part.once(context, 'pay', { amount: 1 }, work.run);
  const second = await part.once(context, 'pay', { amount: 1 }, work.run);
  expect([first.replayed, second.replayed]).toEqual([false, true]);
  expect(JSON.stringify(second.result)).toBe(JSON.stringify(first.result));
  expect(await work.count()).toBe(1);
});

test('of 20 equal requests at once one is done, and the others are refused or answered by it', async () => {
  const part = idempotency();
  const work = countedWork(part);
  const context = request();
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => part.once(context, 'pay', {}, work.run)));
  for (const each of all) {
    if (each.status === 'rejected') {
      expect(each.reason).toMatchObject({ kind: { code: 'request-in-progress', status: 409 } });
    }
  }
  expect(all.filter((each) => each.status === 'fulfilled' && !each.value.replayed)).toHaveLength(1);
  expect(await work.count()).toBe(1);
});

test('the same key with another body is refused; of another tenant, actor or route it is another key', async () => {
  const part = idempotency();
  const work = countedWork(part);
  const context = request();
  await part.once(context, 'pay', { amount: 1 }, work.run);
  const reused = { kind: { code: 'idempotency-key-reused', status: 422 } };
  await expect(part.once(context, 'pay', { amount: 2 }, work.run)).rejects.toMatchObject(reused);
  const scope = { kind: 'merchant', merchantId: newId() } as const;
  for (const [other, route] of [
    [request(), 'pay'],
    [{ ...context, scope }, 'pay'],
    [{ ...context, actor: { kind: 'apiKey', id: newId() } as const }, 'pay'],
    [context, 'refund'],
  ] as const) {
    expect((await part.once(other, route, { amount: 2 }, work.run)).replayed).toBe(false);
  }
  expect(await work.count()).toBe(5);
});

test('a request that failed may be sent again; one without a body replays one without a body', async () => {
  const part = idempotency();
  const context = request();
  await expect(part.once(context, 'pay', {}, () => Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);
  expect(await part.once(context, 'pay', {}, () => Promise.resolve(undefined))).toEqual({
    result: undefined,
    replayed: false,
  });
  expect(await part.once(context, 'pay', {}, () => Promise.resolve('again'))).toEqual({
    result: undefined,
    replayed: true,
  });
});

test('what died in the middle is taken over once its lock is over, and can keep nothing any more', async () => {
  const part = idempotency();
  const work = countedWork(part);
  const context = request();
  const gate = Promise.withResolvers<undefined>();
  const entered = Promise.withResolvers<undefined>();
  const slow = part.once(context, 'pay', {}, async () => {
    entered.resolve(undefined);
    await gate.promise;
    return work.run();
  });
  await entered.promise;
  await expect(part.once(context, 'pay', {}, work.run)).rejects.toMatchObject({ kind: { status: 409 } });
  clock.at = new Date(clock.at.getTime() + 60_000);
  expect((await part.once(context, 'pay', {}, work.run)).replayed).toBe(false);
  gate.resolve(undefined);
  await expect(slow).rejects.toMatchObject({ kind: { status: 409 } });
  expect(await work.count()).toBe(1);
});

test('after 24 hours the key is free again', async () => {
  const part = idempotency();
  const work = countedWork(part);
  const context = request();
  await part.once(context, 'pay', { amount: 1 }, work.run);
  clock.at = new Date(clock.at.getTime() + 24 * 3_600_000 + 1);
  expect((await part.once(context, 'pay', { amount: 2 }, work.run)).replayed).toBe(false);
  expect(await work.count()).toBe(2);
});
