import { expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import { outOfStock } from './stock.problems.ts';
import { Turns, type Claim } from './turns.ts';

const place = { merchantId: newId(), locationId: newId() };
const soon = () => Date.now() + 5_000;
const claims = (...skus: readonly string[]): Claim[] => skus.map((sku) => claim(sku, 1));
const claim = (sku: string, quantity: number): Claim => ({ ...place, sku, quantity });

test('those who want the same take turns in the order in which they came; others do not wait', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const slow = (name: string) => async () => {
    seen.push(`${name} begins`);
    await sleep(5);
    seen.push(`${name} ends`);
  };
  await Promise.all([
    turns.inTurn(claims('a'), soon(), slow('first')),
    turns.inTurn(claims('a'), soon(), slow('second')),
    turns.inTurn(claims('b'), soon(), () => Promise.resolve(seen.push('other'))),
  ]);
  expect(seen).toEqual(['first begins', 'other', 'first ends', 'second begins', 'second ends']);
});

test('a turn that does not come by the deadline is refused, and whoever is behind still waits for those in front', async () => {
  const turns = new Turns();
  const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
  const first = turns.inTurn(claims('a'), soon(), () => held);
  const impatient = turns.inTurn(claims('a'), Date.now() + 10, () => Promise.resolve('never'));
  let done = false;
  const patient = turns.inTurn(claims('a'), soon(), () => Promise.resolve((done = true)));
  await expect(impatient).rejects.toMatchObject({ kind: { code: 'too-contended', status: 503 } });
  await sleep(5);
  expect(done).toBe(false);
  letGo(undefined);
  await Promise.all([first, patient]);
  expect(done).toBe(true);
});

test('a failure passes the turn on', async () => {
  const turns = new Turns();
  await expect(turns.inTurn(claims('a', 'b'), soon(), () => Promise.reject(new Error('x')))).rejects.toThrow('x');
  await expect(turns.inTurn(claims('b', 'c'), soon(), () => Promise.resolve(1))).resolves.toBe(1);
});

test('too little found is told to all who waited for as much when the look began; who wants less, or came later, has a turn', async () => {
  const turns = new Turns();
  const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>();
  const looked: string[] = [];
  const finding = (name: string) => () => {
    looked.push(name);
    return Promise.resolve(name);
  };
  const late: Promise<string>[] = [];
  const first = turns.inTurn(claims('a'), soon(), () => held);
  const second = turns.inTurn([claim('a', 2)], soon(), () => {
    looked.push('second');
    late.push(turns.inTurn([claim('a', 2)], soon(), finding('came later')));
    return Promise.reject(new Problem(outOfStock, 'One is left', { sku: 'a' }));
  });
  const waiting = [
    turns.inTurn([claim('a', 3)], soon(), finding('wants more')),
    turns.inTurn([claim('a', 1)], soon(), finding('wants less')),
    turns.inTurn([claim('a', 2)], soon(), finding('wants the same')),
  ];
  letGo(undefined);
  await first;
  const kinds = (await Promise.allSettled([second, ...waiting])).map((ended) =>
    ended.status === 'rejected' ? (ended.reason as Problem).kind : undefined,
  );
  expect(kinds).toEqual([outOfStock, outOfStock, undefined, outOfStock]);
  await expect(Promise.all(late)).resolves.toEqual(['came later']);
  expect(looked).toEqual(['second', 'wants less', 'came later']);
});
