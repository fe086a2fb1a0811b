import { expect, test } from '@jest/globals';
import { newApiKey, shownOf } from '../security/api-keys.ts';
import { createLogger } from './logger.ts';
import { redactText } from './redact.ts';
import { Trace, withTrace } from './trace.ts';

function listen() {
  const lines: string[] = [];
  const destination = {
    write: (line: string) => {
      lines.push(line);
    },
  };
  return { lines, logger: createLogger({ level: 'trace', service: 'test', destination }) };
}

const CARD = '4111 1111 1111 1111';
const PHONE = '+49 170 1234567';
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ';

test('tokens, passwords, card and phone numbers are written nowhere, however they come', () => {
  const { lines, logger } = listen();
  const cause = Object.assign(new Error(`refused ${TOKEN}`), { body: `{"password":"hunter2-canary"}` });
  logger.info({ password: 'hunter2-canary', nested: { refreshToken: 'canary-1', phone: PHONE } }, `card ${CARD}`);
  logger.error(new Error(`call ${PHONE}`, { cause }));
  logger.warn({ error: cause, headers: { authorization: 'Bearer canary-2', cookie: 'sid=canary-3' } }, 'failed');
  logger.info({ url: '/verify?token=canary-4&page=2', list: [CARD], uri: 'redis://:canary-5@host' });
  const written = lines.join('');
  for (const secret of ['hunter2', 'canary', CARD, PHONE, TOKEN, 'c2lnbmF0dXJl']) expect(written).not.toContain(secret);
  expect(written).toContain('page=2');
});

test('an API key is written nowhere, not by a word of its own either; its beginning, which its owner is shown, is', () => {
  const { lines, logger } = listen();
  const key = newApiKey();
  const lettersOnly = key.replaceAll(/\d/g, 'x');
  logger.info({ path: `/api/${key}`, word: lettersOnly, list: [`(${key})`], Authorization: key }, `key ${key}`);
  logger.error(new Error(`refused ${key}`));
  const written = lines.join('');
  for (const secret of [key, lettersOnly]) expect(written).not.toContain(secret.slice(12, 30));
  expect(redactText(`the key ${shownOf(key)} of 2026`)).toBe(`the key ${shownOf(key)} of 2026`);
});

test('an error is written with its type, message, stack and cause', () => {
  const { lines, logger } = listen();
  logger.error(new TypeError('broken', { cause: new RangeError('beneath') }), 'it failed');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'error',
    message: 'it failed',
    error: {
      type: 'TypeError',
      message: 'broken',
      stack: expect.stringContaining('logger.test'),
      cause: { type: 'RangeError' },
    },
  });
});

test('a line written while a request is served carries its id', () => {
  const { lines, logger } = listen();
  const trace = new Trace('request-1');
  withTrace(trace, () => {
    logger.info('served');
  });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ requestId: 'request-1', traceId: trace.traceId });
});

test('numbers that are no card stay readable', () => {
  expect(redactText('order 4111111111111112 took 1234 ms')).toBe('order 4111111111111112 took 1234 ms');
});

test.each([
  '1 '.repeat(50_000),
  '+1'.repeat(50_000),
  'a://'.repeat(25_000),
  `?${'token'.repeat(20_000)}`,
  'eyJ'.repeat(33_000),
  'mpk_'.repeat(25_000),
])('a hostile text of 100 kB (%#) is read in a time that grows with its length only', (hostile) => {
  const start = performance.now();
  redactText(hostile);
  expect(performance.now() - start).toBeLessThan(500);
});
