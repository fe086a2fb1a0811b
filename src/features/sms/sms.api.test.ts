import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import express from 'express';
import fc from 'fast-check';
import type { RequestListener } from 'node:http';
import request from 'supertest';
import { silent, withDatabase } from '../../../tests/environment/index.ts';
import { traced } from '../../../tests/traced.ts';
import { refusal, startTwilioServer, type Fault, type TwilioServer } from '../../../tests/twilio-server.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { mongoTransact } from '../../platform/database/transaction.ts';
import { callbackEndpoints } from '../../platform/http/callbacks.ts';
import { problemHandler } from '../../platform/http/problem-handler.ts';
import { eventAppender, outbox } from '../../platform/outbox/event.store.ts';
import { Effects, effects } from '../../platform/queue/effects.ts';
import { PutOff } from '../../platform/queue/job.ts';
import { Breaker } from '../../platform/resilience/breaker.ts';
import { logSms } from '../../platform/sms/log-sms.ts';
import { isSmsOutage, SmsFateUnknown, type SmsProvider } from '../../platform/sms/provider.ts';
import { SMS_STATES, type SmsState } from '../../platform/sms/receipt.ts';
import { TwilioSms } from '../../platform/sms/twilio.ts';
import { twilioSignature } from '../../platform/sms/twilio-signature.ts';
import { Id, newId } from '../../shared/ids.ts';
import { DAY_MS, HOUR_MS } from '../../shared/time.ts';
import { smsCollections } from './collections.ts';
import { smsCallbacks } from './http.ts';
import { smsJobs } from './jobs.ts';
import { SmsCaps } from './sms.caps.ts';
import { textMessageCounts, textMessages, type TextMessage } from './sms.model.ts';
import { SmsService } from './sms.service.ts';
import { SmsStore } from './sms.store.ts';

const database = withDatabase({ collections: [...smsCollections, outbox, effects] });
const PUBLIC_URL = 'https://shop.example';
const TOKEN = 'token of the account';
const LIMITS = { recipientHour: 3, recipientDay: 4, merchantDay: 10, platformDay: 4 };
const START = new Date('2026-03-01T10:00:00Z');

const told = jest.fn();
const ended: string[] = [];
const optOuts = {
  endTextsTo(number: string) {
    ended.push(number);
    return Promise.resolve();
  },
};

let clock = START;
const now = () => clock;
let server: TwilioServer;
let service: SmsService;
let store: SmsStore;
let app: RequestListener;

beforeAll(async () => {
  server = await startTwilioServer();
  const { primary } = database;
  store = new SmsStore(textMessages.on(primary));
  service = new SmsService({
    transact: mongoTransact(primary, () => Promise.resolve()),
    appendEvent: eventAppender({ events: outbox.on(primary), now, committed: () => undefined }),
    store,
    now,
  });
  const routes = express();
  routes.use('/callbacks', callbackEndpoints(smsCallbacks({ sms: service, optOuts, authToken: TOKEN }), PUBLIC_URL));
  routes.use(problemHandler(() => undefined));
  app = traced(routes);
});
afterAll(() => server.close());
beforeEach(() => {
  clock = START;
});

const twilio = () =>
  new TwilioSms({ baseUrl: server.url, accountSid: 'AC1', authToken: TOKEN, sender: { from: '+12025550100' } });

/** One worker: as production has it, but for the provider and the limits. */
function worker(provider: SmsProvider = twilio()) {
  const { primary } = database;
  const breaker = new Breaker({ name: 'twilio', isOutage: isSmsOutage, logger: silent });
  const [handler] = smsJobs({
    effects: new Effects({ effects: effects.on(primary), now }),
    store,
    caps: new SmsCaps({ counts: textMessageCounts.on(primary), limits: LIMITS, now, onPlatformCap: told }),
    provider,
    breaker,
    optOuts,
    receiptsUrl: `${PUBLIC_URL}/callbacks/sms`,
    now,
  });
  return async (smsId: Id) => handler?.handle({ smsId }, AbortSignal.timeout(5_000));
}

let numbers = 0;
/** A number that nobody was written to. */
const newNumber = () => `+4915112${String((numbers += 1)).padStart(6, '0')}`;
const ask = (changes: Partial<Parameters<SmsService['request']>[0]> = {}) =>
  service.request({ to: newNumber(), text: 'Your order is on its way', merchantId: newId(), ...changes });
const stored = async (_id: Id): Promise<TextMessage> =>
  textMessages.on(database.primary).findOne({ _id }, null, asSystem('test')).orFail().lean<TextMessage>();
const takenOf = ({ to }: Pick<TextMessage, 'to'>) => server.taken.filter((sms) => sms.to === to);
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

function receipt(smsId: Id, fields: Readonly<Record<string, string>>, token = TOKEN) {
  const path = `/callbacks/sms/${Id.encode(smsId)}`;
  return request(app)
    .post(path)
    .type('form')
    .set('X-Twilio-Signature', twilioSignature(token, PUBLIC_URL + path, fields))
    .send({ ...fields });
}

test('a message goes out once, however often and by how many workers its job is done, and its text is forgotten', async () => {
  const id = await ask({ to: '+49 (151) 1200 0000' });
  expect(await stored(id)).toMatchObject({ to: '+4915112000000', state: 'queued', parts: 1, providerId: null });
  const workers = Array.from({ length: 5 }, () => worker());
  await Promise.allSettled(workers.map((work) => work(id)));
  await worker()(id);
  const [taken, ...others] = takenOf({ to: '+4915112000000' });
  expect(others).toEqual([]);
  expect(taken?.statusCallback).toBe(`${PUBLIC_URL}/callbacks/sms/${Id.encode(id)}`);
  expect(await stored(id)).toMatchObject({ providerId: taken?.sid, state: 'queued', text: null, attemptedAt: null });
});

test('a number that cannot be one, and a text that nobody would pay for, are refused before anything is stored', async () => {
  await expect(ask({ to: '0151' })).rejects.toMatchObject({ kind: { code: 'phone-not-valid' } });
  await expect(ask({ text: '' })).rejects.toThrow(RangeError);
  await expect(ask({ text: 'a'.repeat(2_000) })).rejects.toThrow(RangeError);
});

test('a refused message has failed, with the code, and is not tried again', async () => {
  const id = await ask();
  server.fail(refusal(400, 21_211));
  await worker()(id);
  await worker()(id);
  const message = await stored(id);
  expect(message).toMatchObject({ state: 'failed', errorCode: '21211', text: null });
  expect(takenOf(message)).toEqual([]);
});

test('a refusal because its recipient has replied STOP is told to whoever keeps the wishes', async () => {
  const id = await ask();
  server.fail(refusal(400, 21_610));
  await worker()(id);
  const { to, errorCode } = await stored(id);
  expect(errorCode).toBe('21610');
  expect(ended).toContain(to);
});

test('a reply that ends the messages is told, once it is proven to be of the provider, and no other', async () => {
  const path = '/callbacks/sms-replies';
  const reply = (fields: Readonly<Record<string, string>>, token = TOKEN) => {
    const signature = twilioSignature(token, PUBLIC_URL + path, fields);
    return request(app)
      .post(path)
      .type('form')
      .set('X-Twilio-Signature', signature)
      .send({ ...fields });
  };
  const numbersOf = [newNumber(), newNumber(), newNumber(), newNumber()] as const;
  await reply({ From: numbersOf[0], Body: ' Stop ' }).expect(204);
  await reply({ From: numbersOf[1], Body: 'Nein danke', OptOutType: 'STOP' }).expect(204);
  await reply({ From: numbersOf[2], Body: 'When will it come?' }).expect(204);
  await reply({ From: numbersOf[3], Body: 'STOP' }, 'another token').expect(403);
  expect(ended.filter((number) => (numbersOf as readonly string[]).includes(number))).toEqual(numbersOf.slice(0, 2));
});

test('one that the provider did not take is put off for as long as it asks, and then goes out', async () => {
  const id = await ask();
  server.fail(refusal(429, 20_429, 7));
  const failure = await failureOf(worker()(id));
  expect(failure).toBeInstanceOf(PutOff);
  expect(failure).toMatchObject({ delayMs: 7_000 });
  await worker()(id);
  expect(takenOf(await stored(id))).toHaveLength(1);
});

test.each<readonly [string, Fault]>([
  ['the line dropped', { taken: true, then: 'drop' }],
  ['it answered 500', { taken: true, then: 'answer', status: 500, body: '' }],
  ['it answered no JSON', { taken: true, then: 'answer', status: 201, body: 'ok' }],
])('one that the provider took although %s is found there and not sent again', async (_how, fault) => {
  const id = await ask();
  server.fail(fault);
  expect(await failureOf(worker()(id))).toBeInstanceOf(SmsFateUnknown);
  await worker()(id);
  const message = await stored(id);
  expect(takenOf(message)).toHaveLength(1);
  expect(message.providerId).toBe(takenOf(message)[0]?.sid);
});

test('one that was lost before the provider took it is sent again, also beside an equal text to the same number', async () => {
  const to = newNumber();
  const [first, second] = [await ask({ to }), await ask({ to })];
  await worker()(first);
  server.fail({ taken: false, then: 'drop' });
  await failureOf(worker()(second));
  await worker()(second);
  expect(takenOf({ to })).toHaveLength(2);
  expect((await stored(first)).providerId).not.toBe((await stored(second)).providerId);
});

test('a receipt that comes before the next attempt tells that the provider has the message', async () => {
  const id = await ask();
  server.fail({ taken: true, then: 'drop' });
  await failureOf(worker()(id));
  const asked = server.requests.length;
  await receipt(id, { MessageSid: 'SM7', MessageStatus: 'sent' }).expect(204);
  await worker()(id);
  expect(server.requests).toHaveLength(asked);
  expect(await stored(id)).toMatchObject({ providerId: 'SM7', state: 'sent' });
});

test('with the provider away its breaker opens: nothing is tried, and no outcome is in doubt', async () => {
  const work = worker();
  const ids = await Promise.all(Array.from({ length: 6 }, () => ask()));
  server.fail(...Array.from({ length: 5 }, () => refusal(401, 20_003)));
  for (const id of ids) expect(await failureOf(work(id))).toBeInstanceOf(PutOff);
  const last = await stored(ids[5] ?? newId());
  expect(last.attemptedAt).toBeNull();
  expect(takenOf(last)).toEqual([]);
});

test('any number of workers together keep to the caps of a recipient, by hour and by day', async () => {
  const to = newNumber();
  const send = async (count: number) => {
    const ids = await Promise.all(Array.from({ length: count }, () => ask({ to })));
    await Promise.all(ids.map((id) => worker()(id)));
    return Promise.all(ids.map(async (id) => (await stored(id)).errorCode));
  };
  expect((await send(8)).filter((code) => code === 'recipient-hour-cap')).toHaveLength(5);
  expect(takenOf({ to })).toHaveLength(3);
  clock = new Date(START.getTime() + HOUR_MS);
  expect((await send(3)).filter((code) => code === 'recipient-day-cap')).toHaveLength(2);
  clock = new Date(START.getTime() + DAY_MS);
  expect(await send(1)).toEqual([null]);
  expect(takenOf({ to })).toHaveLength(5);
});

test('a merchant’s day counts parts, and leaves other merchants alone', async () => {
  const merchantId = newId();
  const text = 'a'.repeat(600);
  const ids = await Promise.all([1, 2, 3].map(() => ask({ merchantId, text })));
  for (const id of ids) await worker()(id);
  const codes = await Promise.all(ids.map(async (id) => (await stored(id)).errorCode));
  expect(codes).toEqual([null, null, 'merchant-day-cap']);
  const other = await ask({ text });
  await worker()(other);
  expect((await stored(other)).errorCode).toBeNull();
});

test('the platform’s own messages have a cap of their own, and the first that it keeps back in a day is told of', async () => {
  const sendAll = async (count: number) => {
    const ids = await Promise.all(
      Array.from({ length: count }, () => service.request({ to: newNumber(), text: '123456 is your code' })),
    );
    await Promise.all(ids.map((id) => worker()(id)));
    return Promise.all(ids.map(async (id) => (await stored(id)).errorCode));
  };
  expect(await sendAll(4)).toEqual([null, null, null, null]);
  expect(told).not.toHaveBeenCalled();
  expect(new Set(await sendAll(3))).toEqual(new Set(['platform-day-cap']));
  expect(told).toHaveBeenCalledTimes(1);
  clock = new Date(START.getTime() + DAY_MS);
  expect(await sendAll(5)).toContain('platform-day-cap');
  expect(told).toHaveBeenCalledTimes(2);
});

test('a message of yesterday is not sent any more', async () => {
  const id = await ask();
  clock = new Date(START.getTime() + DAY_MS + 1);
  await worker()(id);
  expect(await stored(id)).toMatchObject({ state: 'failed', errorCode: 'too-late' });
});

test('the provider of development writes to the log, and no number into it', async () => {
  const lines: unknown[] = [];
  const id = await ask({ to: '+4915112999999' });
  await worker(logSms({ info: (...line: unknown[]) => void lines.push(line) } as never))(id);
  expect(JSON.stringify(lines)).toContain('on its way');
  expect(JSON.stringify(lines)).not.toContain('15112999999');
  expect(await stored(id)).toMatchObject({ state: 'sent' });
});

test('a receipt that the provider has not signed is refused, and changes nothing', async () => {
  const id = await ask();
  const fields = { MessageSid: 'SM1', MessageStatus: 'delivered' };
  const answer = await receipt(id, fields, 'another token').expect(403);
  expect(answer.body).toMatchObject({ code: 'forbidden' });
  await request(app)
    .post(`/callbacks/sms/${Id.encode(id)}`)
    .send(fields)
    .expect(403);
  expect(await stored(id)).toMatchObject({ state: 'queued', providerId: null });
});

test('receipts of no message, with no status, or about another message are taken and change nothing', async () => {
  const id = await ask();
  await receipt(newId(), { MessageSid: 'SM1', MessageStatus: 'sent' }).expect(204);
  await receipt(id, { MessageSid: 'SM1', MessageStatus: 'new' }).expect(204);
  await receipt(id, { MessageSid: 'SM1', MessageStatus: 'sent' }).expect(204);
  await receipt(id, { MessageSid: 'SM2', MessageStatus: 'delivered' }).expect(204);
  expect(await stored(id)).toMatchObject({ state: 'sent', providerId: 'SM1' });
});

const FINAL: readonly SmsState[] = ['delivered', 'undelivered', 'failed'];

test('receipts that come twice and in any order only move a message forward', async () => {
  const receipts = fc.array(fc.constantFrom(...SMS_STATES), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(receipts, async (states) => {
      const id = await ask();
      const seen: SmsState[] = [];
      for (const state of states) {
        await service.receive(id, { providerId: 'SM1', state, errorCode: null });
        seen.push((await stored(id)).state);
      }
      // The first that is final stays; before it, sent does not go back to queued.
      const final = states.find((state) => FINAL.includes(state));
      expect(seen.at(-1)).toBe(final ?? (states.includes('sent') ? 'sent' : 'queued'));
      const ranks = seen.map((state) => Math.min(SMS_STATES.indexOf(state), 2));
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    }),
    { numRuns: 60 },
  );
});
