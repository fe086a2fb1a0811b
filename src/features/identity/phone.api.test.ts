import { beforeAll, expect, test } from '@jest/globals';
import { accountApp, signUpAndIn, type AccountApp, type SignedIn } from '../../../tests/accounts.ts';
import { withDatabase } from '../../../tests/environment/index.ts';
import { collections } from '../../container/collections.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { LocalLimiter } from '../../platform/limits/local.ts';
import { countParts } from '../../platform/sms/parts.ts';
import { Id } from '../../shared/ids.ts';
import { LOCALES } from '../../shared/locale.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import { textMessages, type TextMessage } from '../sms/sms.model.ts';
import { codeText } from './phone.texts.ts';
import { UserReads } from './user.reads.ts';
import { users } from './user.model.ts';

const database = withDatabase({
  collections,
  unindexed: [{ collection: 'text_messages', operation: 'find', reason: 'only tests ask what was sent to a number' }],
});
let accounts: AccountApp;
beforeAll(() => {
  accounts = accountApp(database);
});

let numbers = 0;
const newNumber = () => `+4915113${String((numbers += 1)).padStart(6, '0')}`;
type Method = 'delete' | 'get' | 'post' | 'put';
const call = (who: SignedIn, method: Method, path: string, body?: object) =>
  accounts.http()[method](`/api/me${path}`).set('Authorization', who.authorization).send(body);
const ask = (who: SignedIn, number: string) => call(who, 'put', '/phone', { number });
const prove = (who: SignedIn, code: string) => call(who, 'post', '/phone/verify', { code });
const want = (who: SignedIn, wanted: boolean) => call(who, 'put', '/order-texts', { wanted });
const me = async (who: SignedIn) => (await call(who, 'get', '').expect(200)).body as object;

async function verified(): Promise<SignedIn> {
  const who = await signUpAndIn(accounts);
  const token = await accounts.mailbox.tokenFor(who.email);
  await accounts.http().post('/api/auth/verify-email').send({ token }).expect(204);
  return who;
}

const textsTo = (to: string): Promise<TextMessage[]> =>
  textMessages.on(database.primary).find({ to }, null, asSystem('test')).sort({ _id: 1 }).lean<TextMessage[]>();

/** The code in the newest message to a number. */
async function codeFor(to: string): Promise<string> {
  return /^\d{6}/.exec((await textsTo(to)).at(-1)?.text ?? '')?.[0] ?? '';
}

const another = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

async function withPhone(): Promise<readonly [SignedIn, string]> {
  const [who, number] = [await verified(), newNumber()];
  await ask(who, number).expect(202);
  await prove(who, await codeFor(number)).expect(204);
  return [who, number];
}

test('a code comes in the language that the caller accepts most of those there are', async () => {
  const [who, number] = [await verified(), newNumber()];
  await ask(who, number).set('Accept-Language', 'fr, de;q=0.9, en;q=0.8').expect(202);
  const [sent] = await textsTo(number);
  expect(sent?.text).toBe(codeText(await codeFor(number), 'de'));
});

test('a number is the own once the code that was sent to it is typed, and the code works once', async () => {
  const [who, number] = [await verified(), newNumber()];
  const spaced = `${number.slice(0, 3)} ${number.slice(3, 6)} ${number.slice(6)}`;
  const asked = await ask(who, spaced).expect(202);
  const expiresAt = new Date(accounts.clock.now.getTime() + 10 * MINUTE_MS).toISOString();
  expect(asked.body).toEqual({ next: 'enter-the-code', expiresAt });
  expect(await me(who)).toMatchObject({ phone: null });
  const code = await codeFor(number);
  await prove(who, code).expect(204);
  expect(await me(who)).toMatchObject({ phone: number, orderTexts: false });
  expect((await prove(who, code).expect(422)).body).toMatchObject({ code: 'code-not-valid' });
});

test('five wrong codes end it, the right one too; another code begins anew', async () => {
  const [who, number] = [await verified(), newNumber()];
  await ask(who, number).expect(202);
  const code = await codeFor(number);
  const tried = await Promise.all(Array.from({ length: 5 }, () => prove(who, another(code))));
  expect(tried.map(({ status }) => status)).toEqual([422, 422, 422, 422, 422]);
  await prove(who, code).expect(422);
  await ask(who, number).expect(202);
  await prove(who, await codeFor(number)).expect(204);
});

test('a code ends after ten minutes, with the one that takes its place, and proves nothing of anybody else', async () => {
  const [who, stranger] = [await verified(), await verified()];
  const [first, second] = [newNumber(), newNumber()];
  await ask(who, first).expect(202);
  const replaced = await codeFor(first);
  await ask(who, second).expect(202);
  await ask(stranger, second).expect(202);
  const [own, others] = (await textsTo(second)).map(({ text }) => text?.slice(0, 6) ?? '') as [string, string];
  if (replaced !== own) await prove(who, replaced).expect(422);
  if (others !== own) await prove(who, others).expect(422);
  accounts.clock.now = new Date(accounts.clock.now.getTime() + 10 * MINUTE_MS);
  await prove(who, own).expect(422);
  expect(await me(who)).toMatchObject({ phone: null });
});

test('nothing in the database tells a code before its message has left, but the message', async () => {
  const [who, number] = [await verified(), newNumber()];
  await ask(who, number).expect(202);
  const code = await codeFor(number);
  const proof = await database.primary.collection('phone_proofs').findOne({ _id: Id.decode(who.id) });
  const events = database.primary.collection('outbox').find({ state: 'pending', dueAt: { $gt: new Date(0) } });
  const stored = JSON.stringify([proof, await events.toArray()]);
  expect(stored).toContain(number);
  expect(stored).not.toContain(`"${code}"`);
  expect(stored).not.toContain(`${code} is`);
});

test('a number that cannot be one, and anybody whose mail address is not confirmed, get no message', async () => {
  const [known, unknown, number] = [await verified(), await signUpAndIn(accounts), newNumber()];
  const refused = await ask(known, '0151 1').expect(422);
  expect(refused.body).toMatchObject({ code: 'phone-not-valid', errors: [{ path: 'body.number' }] });
  expect((await ask(unknown, number).expect(409)).body).toMatchObject({ code: 'email-not-verified' });
  expect(await textsTo(number)).toEqual([]);
});

/** Asks for codes where limits hold. */
function limitedAsk(): typeof ask {
  const limiter = new LocalLimiter(1);
  const limits = { limiter, perAddress: 1_000, perTenant: 1_000, perUser: 1_000, perKey: 1_000 };
  const limited = accountApp(database, { limits });
  return ({ authorization }, number) =>
    limited.http().put('/api/me/phone').set('Authorization', authorization).send({ number });
}

test('codes are limited by account and by network address, however many accounts ask from there', async () => {
  const askThere = limitedAsk();
  const sent: string[] = [];
  for (let account = 0; account < 10; account += 1) {
    const who = await verified();
    for (let code = 0; code < 5; code += 1) sent.push(String((await askThere(who, newNumber())).status));
  }
  expect(new Set(sent)).toEqual(new Set(['202']));
  const [one, number] = [await verified(), newNumber()];
  const refused = await askThere(one, number).expect(429);
  expect(refused.body).toMatchObject({
    code: 'too-many-requests',
    detail: expect.stringContaining('setPhone.address'),
  });
  expect(refused.get('RateLimit-Policy')).toContain('"setPhone.actor";q=5;w=3600, "setPhone.address";q=50;w=86400');
  expect(await textsTo(number)).toEqual([]);
});

test('what the limit of one account refuses costs the others at its network address nothing', async () => {
  const [askThere, eager, other] = [limitedAsk(), await verified(), await verified()];
  const asked = [];
  for (let time = 0; time < 50; time += 1) asked.push(await askThere(eager, newNumber()));
  const refused = asked.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(45);
  expect(refused[0]?.body).toMatchObject({ detail: 'The limit of the setPhone.actor is used up' });
  const sent = await askThere(other, newNumber()).expect(202);
  expect(sent.get('RateLimit')).toContain('"setPhone.address";r=44');
});

test('messages about orders come only to who asks for them, until they end them, or have another number, or none', async () => {
  const reads = new UserReads(users.on(database.primary));
  const [who, number] = await withPhone();
  const reached = async () => (await reads.findAddressee(Id.decode(who.id)))?.textsTo;
  expect(await reached()).toBeNull();
  await want(who, true).expect(204);
  await want(who, true).expect(204);
  expect(await reached()).toBe(number);
  expect(await me(who)).toMatchObject({ orderTexts: true });
  await want(who, false).expect(204);
  expect(await reached()).toBeNull();

  await want(who, true).expect(204);
  const moved = newNumber();
  await ask(who, moved).expect(202);
  expect(await reached()).toBe(number);
  await prove(who, await codeFor(moved)).expect(204);
  expect(await reached()).toBeNull();

  await want(who, true).expect(204);
  await call(who, 'delete', '/phone').expect(204);
  expect(await reached()).toBeNull();
  expect(await me(who)).toMatchObject({ phone: null, orderTexts: false });
  expect((await want(who, true).expect(409)).body).toMatchObject({ code: 'phone-not-proven' });
  await want(who, false).expect(204);
});

test('STOP on the phone ends them for every account of the number, and leaves the number', async () => {
  const [[one, number], other] = [await withPhone(), await verified()];
  await ask(other, number).expect(202);
  await prove(other, await codeFor(number)).expect(204);
  for (const each of [one, other]) await want(each, true).expect(204);
  await accounts.phones.endTextsTo(number);
  await accounts.phones.endTextsTo(number);
  for (const each of [one, other]) expect(await me(each)).toMatchObject({ phone: number, orderTexts: false });
});

test('the audit log tells of each change, and not the number', async () => {
  const [who, number] = await withPhone();
  await want(who, true).expect(204);
  const entries = database.primary.collection('audit_entries').find({ merchantId: null, 'target.id': who.id });
  const kept = await entries.sort({ occurredAt: -1, _id: -1 }).toArray();
  expect(kept.map(({ action }) => action as string).sort()).toEqual([
    'account.order-texts-changed',
    'account.phone-changed',
  ]);
  expect(JSON.stringify(kept)).not.toContain(number.slice(3));
});

test.each(LOCALES)('%s: the code comes first, in a message of one part', (locale) => {
  const text = codeText('012345', locale);
  expect(text).toMatchSnapshot();
  expect(text.startsWith('012345 ')).toBe(true);
  expect(countParts(text).parts).toBe(1);
});
