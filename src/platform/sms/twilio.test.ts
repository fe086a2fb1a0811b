import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { refusal, startTwilioServer, type Fault, type TwilioServer } from '../../../tests/twilio-server.ts';
import { SmsFateUnknown, SmsNotTaken, SmsRefused } from './provider.ts';
import { TwilioSms } from './twilio.ts';

let server: TwilioServer;
beforeAll(async () => {
  server = await startTwilioServer();
});
afterAll(() => server.close());

const SMS = { to: '+4915112345678', text: 'Grüße & mehr', receiptUrl: 'https://shop.example/callbacks/sms/1' };
const twilio = (changes: Partial<ConstructorParameters<typeof TwilioSms>[0]> = {}) =>
  new TwilioSms({
    baseUrl: server.url,
    accountSid: 'AC1',
    authToken: 'secret',
    sender: { from: '+12025550100' },
    ...changes,
  });
const long = () => AbortSignal.timeout(5_000);

async function failureAt(fault: Fault, signal = long()): Promise<unknown> {
  server.fail(fault);
  return twilio()
    .send(SMS, signal)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
}

test('a message is handed over as Twilio wants it: by form, with basic authentication, from a number or a service', async () => {
  const sid = await twilio().send(SMS, long());
  const byService = twilio({ sender: { messagingServiceSid: 'MG1' } });
  await byService.send(SMS, long());
  expect(server.requests.at(-1)).toBe('POST /2010-04-01/Accounts/AC1/Messages.json');
  const [first, second] = server.taken.slice(-2);
  expect(first).toEqual({
    sid,
    to: SMS.to,
    body: SMS.text,
    from: '+12025550100',
    messagingServiceSid: null,
    statusCallback: SMS.receiptUrl,
    authorization: `Basic ${Buffer.from('AC1:secret').toString('base64')}`,
  });
  expect(second).toMatchObject({ from: null, messagingServiceSid: 'MG1' });
});

test.each([
  ['no such number', 21_211],
  ['unsubscribed', 21_610],
  ['country not allowed', 21_408],
  ['a code of tomorrow', 29_999],
])('%s is refused for good, with its code', async (_why, code) => {
  const failure = await failureAt(refusal(400, code));
  expect(failure).toBeInstanceOf(SmsRefused);
  expect(failure).toMatchObject({ code: String(code) });
});

test.each([
  ['too many requests', refusal(429, 20_429, 7), { isOutage: false, retryAfterMs: 7_000 }],
  ['too many requests, at once', refusal(429, 20_429, 0), { isOutage: false, retryAfterMs: 1_000 }],
  ['too many requests, in a year', refusal(429, 20_429, 31_536_000), { isOutage: false, retryAfterMs: 3_600_000 }],
  ['too many requests, without a time', refusal(429, 20_429), { isOutage: false, retryAfterMs: undefined }],
  ['refused credentials', refusal(401, 20_003), { isOutage: true }],
  ['a sender that is not ours', refusal(400, 21_606), { isOutage: true }],
  ['an account that is not there', refusal(404, 20_404), { isOutage: true }],
])('after %s it is certain that the message was not taken', async (_why, fault, expected) => {
  const failure = await failureAt(fault);
  expect(failure).toBeInstanceOf(SmsNotTaken);
  expect(failure).toMatchObject(expected);
});

test('a server that is not there has taken nothing', async () => {
  const away = await startTwilioServer();
  await away.close();
  const failure = await twilio({ baseUrl: away.url })
    .send(SMS, long())
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SmsNotTaken);
  expect(failure).toMatchObject({ isOutage: true });
});

test.each<readonly [string, Fault]>([
  ['an answer of 500', { taken: true, then: 'answer', status: 500, body: '' }],
  ['an answer of 503', { taken: false, then: 'answer', status: 503, body: '<html>' }],
  ['a dropped line', { taken: true, then: 'drop' }],
  ['an answer that is no JSON', { taken: true, then: 'answer', status: 201, body: '{"sid":' }],
  ['an answer without an id', { taken: true, then: 'answer', status: 201, body: '{}' }],
])('after %s nobody knows', async (_why, fault) => {
  expect(await failureAt(fault)).toBeInstanceOf(SmsFateUnknown);
});

test('after no answer nobody knows; the attempt ends with its signal', async () => {
  const given = new AbortController();
  const failing = failureAt({ taken: true, then: 'stall' }, given.signal);
  const seen = server.requests.length;
  while (server.requests.length === seen) await new Promise(setImmediate);
  given.abort();
  expect(await failing).toBeInstanceOf(SmsFateUnknown);
});

test('messages that were taken are found by number and text', async () => {
  const sms = { to: '+4915199999999', text: 'Only this' };
  const since = new Date();
  const sid = await twilio().send({ ...SMS, ...sms }, long());
  await twilio().send({ ...SMS, to: sms.to, text: 'Another' }, long());
  expect(await twilio().findSent(sms, since, long())).toEqual([sid]);
  expect(await twilio().findSent({ ...sms, text: 'None' }, since, long())).toEqual([]);
});
