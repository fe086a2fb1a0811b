import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { EnvironmentError, parseEnvironment, VARIABLE_NAMES } from './environment.ts';
import { loadConfig } from './index.ts';

const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
/** All that it tells of, also what it leaves to be set by others. */
const example = parseEnv(text.replaceAll(/^# ?(?=[A-Z_]+=)/gm, ''));
const strong = 'q8Zr2mVx7LkP0sWn4TyB6dHj9FgCaE1u';
const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://shop.example',
  MONGODB_URI: 'mongodb://a:27017,b:27017,c:27017/?replicaSet=rs0',
  REDIS_URL: 'redis://queue:6379',
  CACHE_REDIS_URL: 'redis://cache:6379',
  JWT_SECRET: strong,
  CURSOR_SECRET: `${strong}2`,
  AUDIT_SECRET: `${strong}3`,
  SMTP_URL: 'smtps://mail.example',
  MAIL_FROM: 'shop@shop.example',
  ALLOW_TEST_PAYMENTS: 'true',
};

function faultsOf(environment: Record<string, string>): Record<string, string> {
  try {
    parseEnvironment(environment);
    return {};
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return Object.fromEntries(error.faults.map(({ variable, fault }) => [variable, fault]));
  }
}

test('.env.example and the schema name the same variables', () => {
  expect(Object.keys(example).toSorted()).toEqual(VARIABLE_NAMES.toSorted());
});

test('.env.example gives the values that development has when nothing is set', () => {
  expect(parseEnvironment(example as Record<string, string>)).toEqual(parseEnvironment({}));
});

test('a whole production environment is accepted', () => {
  expect(loadConfig(production)).toMatchObject({
    environment: 'production',
    database: { maxPoolSize: 100, minPoolSize: 10 },
  });
});

test('all faults of a wrong environment are told at once', () => {
  const faults = faultsOf({
    PORT: 'http',
    CACHE_ENABLED: 'yes',
    REDIS_URL: 'localhost',
    MIN_POOL_SIZE: '200',
    SMS_PROVIDER: 'twilio',
  });
  expect(Object.keys(faults).sort()).toEqual([
    'CACHE_ENABLED',
    'MIN_POOL_SIZE',
    'PORT',
    'REDIS_URL',
    'TWILIO_ACCOUNT_SID',
    'TWILIO_AUTH_TOKEN',
    'TWILIO_FROM',
  ]);
});

test.each([
  ['-1', 'must be at least 1'],
  ['10000001', 'must be at most 10000000'],
  ['1.5', 'must be a whole number'],
  ['many', 'must be a whole number'],
])('a limit of %s is told that it %s', (LIMIT_PER_USER, fault) => {
  expect(faultsOf({ LIMIT_PER_USER })).toEqual({ LIMIT_PER_USER: fault });
});

test('production without its secrets and servers names each of them', () => {
  expect(Object.keys(faultsOf({ NODE_ENV: 'production' }))).toEqual(
    expect.arrayContaining([
      'JWT_SECRET',
      'CURSOR_SECRET',
      'AUDIT_SECRET',
      'MONGODB_URI',
      'REDIS_URL',
      'CACHE_REDIS_URL',
      'SMTP_URL',
    ]),
  );
});

test.each([
  ['a default', String(example.JWT_SECRET)],
  ['a short', 'hunter2-canary'],
  ['a monotonous', 'ab'.repeat(30)],
])('%s secret refuses to start in production, and its value is not shown', (_kind, secret) => {
  const environment = { ...production, JWT_SECRET: secret };
  expect(Object.keys(faultsOf(environment))).toEqual(['JWT_SECRET']);
  expect(() => parseEnvironment(environment)).not.toThrow(secret);
});

test('production refuses payments that move no money, unless somebody says that it is a trial', () => {
  for (const allowed of ['false', '']) {
    const faults = faultsOf({ ...production, ALLOW_TEST_PAYMENTS: allowed });
    expect(Object.keys(faults)).toEqual(['PAYMENT_PROVIDER']);
  }
  expect(Object.keys(faultsOf({ ...production, PAYMENT_PROVIDER: 'none' }))).toEqual(['PAYMENT_PROVIDER']);
  expect(loadConfig(production).payments.provider).toBe('test');
  expect(loadConfig({}).payments.provider).toBe('test');
});

test.each(['https://shop.example/', 'https://shop.example//', 'https://shop.example'])(
  'links under PUBLIC_URL %s have one slash',
  (sent) => {
    expect(`${parseEnvironment({ PUBLIC_URL: sent }).PUBLIC_URL}/verify-email`).toBe(
      'https://shop.example/verify-email',
    );
  },
);

test('.env.example, used as it is, leaves to `npm start` the servers that it can run itself', () => {
  const used = parseEnv(text);
  for (const variable of [
    'MONGODB_URI',
    'REDIS_URL',
    'CACHE_REDIS_URL',
    'SMTP_URL',
    'PUBLIC_URL',
    'JWT_SECRET',
    'CURSOR_SECRET',
  ])
    expect(used).not.toHaveProperty(variable);
});

test.each(['staging', 'prod'])('the unknown environment %s is refused, and is the one fault', (name) => {
  for (const others of [{}, production]) {
    expect(Object.keys(faultsOf({ ...others, NODE_ENV: name }))).toEqual(['NODE_ENV']);
  }
});

test('no fault repeats the value of its variable', () => {
  for (const variable of VARIABLE_NAMES) {
    expect(JSON.stringify(faultsOf({ ...production, [variable]: '\u0000canary-7391' }))).not.toContain('canary-7391');
  }
});

test.each([
  ['false', false],
  ['2', 2],
  ['loopback, 10.0.0.0/8', 'loopback, 10.0.0.0/8'],
])('TRUST_PROXY %s is read as %j', (sent, read) => {
  expect(parseEnvironment({ TRUST_PROXY: sent }).TRUST_PROXY).toBe(read);
});

test.each(['true', 'everybody', '10.0.0.0/x'])(
  'TRUST_PROXY %s, which would believe anybody or nobody, is refused',
  (sent) => {
    expect(Object.keys(faultsOf({ TRUST_PROXY: sent }))).toEqual(['TRUST_PROXY']);
  },
);
