import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually, silent } from '../../../tests/environment/index.ts';
import { PermanentFailure, PutOff, RefusedForNow } from '../queue/job.ts';
import { Breaker, type BreakerOptions } from '../resilience/breaker.ts';
import { MailServerAway, smtpTransport, type MailTransport } from './transport.ts';

/** What a server says to a command, by its first word, or at once; null to say nothing, undefined to hang up. */
type Replies = Readonly<Record<string, (() => string | null | undefined) | undefined>>;

const POLITE: Replies = {
  greeting: () => '220 ready',
  EHLO: () => '250 ready',
  MAIL: () => '250 ok',
  RCPT: () => '250 ok',
  DATA: () => '354 go on',
  text: () => '250 kept',
  QUIT: () => '221 bye',
};

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A mail server that keeps the script, and counts who comes. */
async function mailServer(script: Replies = {}) {
  const replies = { ...POLITE, ...script };
  const seen = { connections: 0, mails: [] as string[] };
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    seen.connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    const say = (to: string) => {
      const reply = replies[to]?.();
      if (reply === undefined) socket.destroy();
      else if (reply !== null) socket.write(`${reply}\r\n`);
    };
    let mail: string | undefined;
    say('greeting');
    socket.on('data', (bytes: Buffer) => {
      const text = bytes.toString();
      const command = mail === undefined ? text.slice(0, 4) : 'text';
      if (command === 'text') mail = `${mail ?? ''}${text}`;
      if (command === 'text' && mail?.endsWith('\r\n.\r\n') !== true) return;
      if (command === 'text') seen.mails.push(mail ?? '');
      mail = command === 'DATA' ? '' : undefined;
      say(command);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  open.push({ close });
  return { seen, close, host: `127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}

const FROM = 'Shop <shop@example.test>';
const PATIENCE = { connectMs: 300, replyMs: 300 };
const MAIL = { id: 'one', to: 'ann@example.test', subject: 'Hello', body: 'Hello' };

function transportTo(host: string, breaker?: Breaker, scheme = 'smtp', patience = PATIENCE): MailTransport {
  const transport = smtpTransport({ smtpUrl: `${scheme}://${host}`, from: FROM, patience }, breaker);
  open.push(transport);
  return transport;
}

const breakerOf = (settings: Pick<BreakerOptions, 'failures' | 'pauseMs'>): Breaker =>
  new Breaker({ name: 'smtp', isOutage: (error) => error instanceof MailServerAway, logger: silent, ...settings });

const failureOf = (sending: Promise<void>): Promise<unknown> =>
  sending.then(
    () => undefined,
    (error: unknown) => error,
  );

/** The replies in turn, the last one from then on. */
const inTurn = (...replies: readonly (string | null | undefined)[]) => {
  let asked = 0;
  return () => replies[Math.min((asked += 1), replies.length) - 1];
};

test('a mail that is put off twice by 451 goes out at the third attempt, under the same Message-ID', async () => {
  const { seen, host } = await mailServer({ text: inTurn('451 later', '451 later', '250 kept') });
  const transport = transportTo(host);
  for (let attempts = 0; attempts < 2; attempts += 1) {
    const failure = await failureOf(transport.send(MAIL));
    expect(failure).not.toBeInstanceOf(PutOff);
    expect(failure).toBeInstanceOf(RefusedForNow);
    expect(failure).toMatchObject({ responseCode: 451 });
  }
  await transport.send(MAIL);
  expect(seen.mails).toHaveLength(3);
  for (const mail of seen.mails) expect(mail).toContain('Message-ID: <one@example.test>');
});

test.each([
  ['RCPT', '550 5.1.1 nobody of that name'],
  ['text', '550 no'],
  ['MAIL', '552 5.3.4 too long'],
])('a mail that is answered by its %s with %s is refused for good', async (command, reply) => {
  const { host } = await mailServer({ [command]: () => reply });
  expect(await failureOf(transportTo(host).send(MAIL))).toBeInstanceOf(PermanentFailure);
});

test.each(['', 'ann', 'Ann <>'])('a mail to %j has failed for good, and leaves the others alone', async (to) => {
  const { seen, host } = await mailServer();
  const transport = transportTo(host, breakerOf({ failures: 1 }));
  expect(await failureOf(transport.send({ ...MAIL, to }))).toBeInstanceOf(PermanentFailure);
  await transport.send(MAIL);
  expect(seen.mails).toHaveLength(1);
});

test.each<readonly [string, Replies, string]>([
  ['greets nobody', { greeting: () => null }, 'smtp'],
  ['hangs up at once', { greeting: () => undefined }, 'smtp'],
  ['greets with 554', { greeting: () => '554 not you' }, 'smtp'],
  ['greets with 421', { greeting: () => '421 closing' }, 'smtp'],
  ['has no TLS where some is demanded', {}, 'smtps'],
  ['refuses the sign-in', { EHLO: () => '250-ready\r\n250 AUTH PLAIN', AUTH: () => '535 no' }, 'smtp://me:secret'],
  ['takes no mails of this sender', { MAIL: () => '550 5.7.1 account suspended' }, 'smtp'],
  ['wants a sign-in', { RCPT: () => '530 5.7.0 authentication required' }, 'smtp'],
  ['says what nobody can read', { RCPT: () => 'what?' }, 'smtp'],
])('a server that %s puts mails off, and blames none', async (_what, script, scheme) => {
  const { host } = await mailServer(script);
  const [protocol = '', account] = scheme.split('://');
  const at = account === undefined ? host : `${account}@${host}`;
  expect(await failureOf(transportTo(at, undefined, protocol).send(MAIL))).toBeInstanceOf(PutOff);
});

test('a server that is not there puts mails off', async () => {
  const { host, close } = await mailServer();
  close();
  expect(await failureOf(transportTo(host).send(MAIL))).toBeInstanceOf(PutOff);
});

test('a mail at which the server stalls, or drops the line after its text, costs an attempt: others might pass', async () => {
  const { seen, host } = await mailServer({ text: inTurn(null, undefined, '250 kept') });
  const transport = transportTo(host);
  for (let attempts = 0; attempts < 2; attempts += 1) {
    const failure = await failureOf(transport.send(MAIL));
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(PutOff);
    expect(failure).not.toBeInstanceOf(PermanentFailure);
  }
  await transport.send(MAIL);
  // What became of the first two nobody knows: one id for all tells whoever gets them that they are one.
  expect(new Set(seen.mails.map((mail) => /^Message-ID: (.*)$/m.exec(mail)?.[1]))).toEqual(
    new Set(['<one@example.test>']),
  );
  expect(seen.mails).toHaveLength(3);
});

test('a mail whose job is given up is not sent beside the next attempt', async () => {
  const { seen, host } = await mailServer();
  await expect(transportTo(host).send(MAIL, AbortSignal.abort())).rejects.toThrow();
  expect(seen.mails).toEqual([]);
});

test('a mail whose job is given up in the middle of it is no outage: the others go out', async () => {
  const { seen, host } = await mailServer({ text: inTurn(null, '250 kept') });
  const transport = transportTo(host, breakerOf({ failures: 1 }), 'smtp', { ...PATIENCE, replyMs: 10_000 });
  const late = new AbortController();
  const given = failureOf(transport.send(MAIL, late.signal));
  await eventually(() => seen.mails.length === 1);
  late.abort(new DOMException('Not done in time', 'TimeoutError'));
  expect(await given).not.toBeInstanceOf(PutOff);
  await transport.send(MAIL);
  expect(seen.mails).toHaveLength(2);
});

test('after some outages in a row the server is left alone, one mail tries it later, and then all go out', async () => {
  const { seen, host } = await mailServer({ greeting: inTurn('421 no', '421 no', '220 ready') });
  const breaker = breakerOf({ failures: 2, pauseMs: 50 });
  const transport = transportTo(host, breaker);
  for (let mails = 0; mails < 4; mails += 1) expect(await failureOf(transport.send(MAIL))).toBeInstanceOf(PutOff);
  expect(seen.connections).toBe(2);
  await expect(breaker.healthCheck().check(AbortSignal.timeout(1_000))).rejects.toThrow('PROVIDER_AWAY');
  let failure: unknown = new Error('not tried');
  while (failure !== undefined) failure = await failureOf(transport.send(MAIL));
  await transport.send(MAIL);
  expect(seen.mails).toHaveLength(2);
  await expect(breaker.healthCheck().check(AbortSignal.timeout(1_000))).resolves.toBeUndefined();
});

test('a mail that nobody asked for says how to end its kind', async () => {
  const { seen, host } = await mailServer();
  await transportTo(host).send({ ...MAIL, unsubscribeUrl: 'https://shop.example/stop/abc' });
  expect(seen.mails[0]).toContain('List-Unsubscribe: <https://shop.example/stop/abc>');
  expect(seen.mails[0]).toContain('List-Unsubscribe-Post: List-Unsubscribe=One-Click');
});
