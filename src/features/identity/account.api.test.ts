import { beforeAll, describe, expect, test } from '@jest/globals';
import { accountApp, newAddress, PASSWORD, signUpAndIn, type AccountApp } from '../../../tests/accounts.ts';
import { withDatabase } from '../../../tests/environment/index.ts';
import { collections } from '../../container/collections.ts';
import { HOUR_MS } from '../../shared/time.ts';

const database = withDatabase({ collections });
let accounts: AccountApp;
beforeAll(() => {
  accounts = accountApp(database);
});

const post = (path: string, body: object) => accounts.http().post(`/api/auth/${path}`).send(body);
const signUp = (email: string, password = PASSWORD) => post('sign-up', { email, password, name: 'Ada' });
const signIn = (email: string, password: string) => post('sign-in', { email, password });
const me = (authorization: string) => accounts.http().get('/api/me').set('Authorization', authorization);
const NEW_PASSWORD = 'another horse battery';

/** What an answer shows, and what it cost. */
async function traceOf(answer: ReturnType<typeof post>) {
  accounts.work.hashes = 0;
  const sent = await answer;
  const queries = /(\d+) quer/.exec(sent.get('server-timing') ?? '')?.[1];
  return { status: sent.status, body: sent.body as unknown, queries, hashes: accounts.work.hashes };
}

describe('signing up', () => {
  test('an address that is known gets the answer of a new one, for the same work', async () => {
    const { email } = await signUpAndIn(accounts);
    const known = await traceOf(signUp(email, NEW_PASSWORD));
    expect(known).toEqual(await traceOf(signUp(newAddress())));
    expect(known).toMatchObject({ status: 202, hashes: 1 });
  });

  test('with a known address changes nothing, and its holder hears of it', async () => {
    const { email } = await signUpAndIn(accounts);
    await signUp(email, NEW_PASSWORD).expect(202);
    await signIn(email, NEW_PASSWORD).expect(401);
    await signIn(email, PASSWORD).expect(200);
    expect((await accounts.mailbox.of(email)).map(({ subject }) => subject)).toEqual([
      'Confirm your e-mail address',
      'You have an account already',
    ]);
  });

  test('ten times at the same moment makes one account', async () => {
    const email = newAddress();
    const answers = await Promise.all(Array.from({ length: 10 }, () => signUp(email)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(await database.primary.collection('users').countDocuments({ email })).toBe(1);
  });

  test('shows the account without its secrets', async () => {
    const { authorization, email, id } = await signUpAndIn(accounts);
    const shown = await me(authorization);
    const createdAt = accounts.clock.now.toISOString();
    const own = { locale: null, phone: null, orderTexts: false };
    expect(shown.body).toEqual({ id, email, name: 'Ada', role: 'user', emailVerified: false, ...own, createdAt });
  });

  test.each([
    ['a role', { role: 'admin' }],
    ['an id', { _id: 'f'.repeat(24) }],
    ['a verified address', { emailVerifiedAt: '2026-01-01T00:00:00Z' }],
  ])('with %s of ones own is refused and nothing is written', async (_what, extra) => {
    const email = newAddress();
    const refused = await post('sign-up', { email, password: PASSWORD, name: 'Ada', ...extra }).expect(422);
    expect(refused.body).toMatchObject({ code: 'invalid-request' });
    expect(await database.primary.collection('users').countDocuments({ email })).toBe(0);
  });
});

describe('verifying an address', () => {
  test('works with the token of the mail, once', async () => {
    const { email, authorization } = await signUpAndIn(accounts);
    const token = await accounts.mailbox.tokenFor(email);
    await post('verify-email', { token }).expect(204);
    expect((await me(authorization)).body).toMatchObject({ emailVerified: true });
    expect((await post('verify-email', { token }).expect(422)).body).toMatchObject({ code: 'link-not-valid' });
  });

  test('works with a mail that was asked for again', async () => {
    const { email, authorization } = await signUpAndIn(accounts);
    const before = await accounts.mailbox.of(email);
    await accounts.http().post('/api/auth/resend-verification').set('Authorization', authorization).expect(202);
    expect(await accounts.mailbox.of(email)).toHaveLength(before.length + 1);
    await post('verify-email', { token: await accounts.mailbox.tokenFor(email) }).expect(204);
  });

  test('does not set a password', async () => {
    const { email } = await signUpAndIn(accounts);
    const token = await accounts.mailbox.tokenFor(email);
    await post('reset-password', { token, password: NEW_PASSWORD }).expect(422);
  });
});

describe('a forgotten password', () => {
  test('is asked for with one answer and one work, whether or not somebody has the address', async () => {
    const { email } = await signUpAndIn(accounts);
    const unknown = newAddress();
    const known = await traceOf(post('forgot-password', { email }));
    expect(known).toEqual(await traceOf(post('forgot-password', { email: unknown })));
    expect(known.status).toBe(202);
    expect(await accounts.mailbox.of(unknown)).toEqual([]);
  });

  test('is replaced by the link in the mail, which ends every session and lifts the lock', async () => {
    const { email, authorization, refreshToken } = await signUpAndIn(accounts);
    for (let wrong = 1; wrong <= 5; wrong += 1) await signIn(email, 'a wrong password').expect(401);
    await post('forgot-password', { email }).expect(202);
    const token = await accounts.mailbox.tokenFor(email);
    await post('reset-password', { token, password: NEW_PASSWORD }).expect(204);

    await me(authorization).expect(401);
    await post('refresh', { refreshToken }).expect(401);
    await signIn(email, PASSWORD).expect(401);
    await signIn(email, NEW_PASSWORD).expect(200);
    await post('reset-password', { token, password: PASSWORD }).expect(422);
  });

  test('of several links the use of one ends the others', async () => {
    const { email } = await signUpAndIn(accounts);
    await post('forgot-password', { email }).expect(202);
    const first = await accounts.mailbox.tokenFor(email);
    await post('forgot-password', { email }).expect(202);
    await post('reset-password', { token: await accounts.mailbox.tokenFor(email), password: NEW_PASSWORD }).expect(204);
    await post('reset-password', { token: first, password: PASSWORD }).expect(422);
  });

  test('a link that is older than an hour is refused', async () => {
    const { email } = await signUpAndIn(accounts);
    await post('forgot-password', { email }).expect(202);
    const token = await accounts.mailbox.tokenFor(email);
    accounts.clock.now = new Date(accounts.clock.now.getTime() + HOUR_MS);
    await post('reset-password', { token, password: NEW_PASSWORD }).expect(422);
  });

  test('the database holds no token that opens an account', async () => {
    const { email } = await signUpAndIn(accounts);
    await post('forgot-password', { email }).expect(202);
    const token = await accounts.mailbox.tokenFor(email);
    const id = Buffer.from(token, 'base64url').subarray(0, 12).toString('hex');
    const rows = database.primary.collection('outbox').find({ state: 'pending', dueAt: { $gt: new Date(0) } });
    const stored = JSON.stringify(await rows.toArray());
    expect(stored).toContain(id);
    expect(stored).not.toContain(token);
  });
});
