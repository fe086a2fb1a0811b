import { z } from 'zod';
import { CRASH_POINTS } from '../platform/process/crash-points.ts';
import { baseUrl, count, DEVELOPMENT_SECRET, flag, list, port, trustProxy, url, weaknessOf } from './fields.ts';

// A replica set's URL names several hosts, which is no URL to the WHATWG: only its beginning can be checked.
const mongoUri = z.string().refine((value) => /^mongodb(\+srv)?:\/\/[^/\s]+/.test(value), 'must be a MongoDB URI');
const redisUrl = url('redis:', 'rediss:');

/** Every variable that is read, each with the value it has in development when it is not set. `.env.example` tells what they mean. */
const Variables = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port().default(3_000),
  PUBLIC_URL: baseUrl('http:', 'https:').default('http://127.0.0.1:3000'),
  WORKER_PORT: port().default(13_000),
  WORKER_MAX_MEMORY_MB: count(128, 65_536).default(1_024),
  TRUST_PROXY: trustProxy().default(false),
  CORS_ORIGINS: list().default([]),
  API_INSTANCES: count(1, 1_000).default(1),

  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  SLOW_REQUEST_MS: count(1, 60_000).default(500),
  CRASH_AT: z.enum(CRASH_POINTS).optional(),
  SHUTDOWN_SECONDS: count(1, 300).default(15),

  MONGODB_URI: mongoUri.default('mongodb://127.0.0.1:27017'),
  DB_NAME: z
    .string()
    .regex(/^[\w-]{1,38}$/, 'must be 1 to 38 letters, digits, - or _')
    .default('merchant_platform'),
  MAX_POOL_SIZE: count(1, 1_000).default(100),
  MIN_POOL_SIZE: count(0, 1_000).default(10),

  REDIS_URL: redisUrl.default('redis://127.0.0.1:6379'),
  CACHE_REDIS_URL: redisUrl.default('redis://127.0.0.1:6380'),
  REDIS_PASSWORD: z.string().optional(),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[\w-]{1,40}$/, 'must be 1 to 40 letters, digits, - or _')
    .default('merchant'),
  CACHE_ENABLED: flag().default(true),
  CACHE_MEMORY_MB: count(1, 16_384).default(64),
  CACHE_WARMER_ENABLED: flag().default(true),
  CACHE_WARMER_INTERVAL: count(1, 86_400).default(300),

  JWT_SECRET: z.string().default(`${DEVELOPMENT_SECRET}access-token-key`),
  JWT_PREVIOUS_SECRET: z.string().optional(),
  JWT_ISSUER: z.string().min(1).default('merchant-platform'),
  JWT_AUDIENCE: z.string().min(1).default('merchant-platform-api'),
  CURSOR_SECRET: z.string().default(`${DEVELOPMENT_SECRET}cursor-key`),
  AUDIT_SECRET: z.string().default(`${DEVELOPMENT_SECRET}audit-key`),
  AUDIT_DAYS: count(1, 36_500).default(730),

  LIMIT_PER_ADDRESS: count(1, 10_000_000).default(600),
  LIMIT_PER_TENANT: count(1, 10_000_000).default(6_000),
  LIMIT_PER_USER: count(1, 10_000_000).default(600),
  LIMIT_PER_KEY: count(1, 10_000_000).default(1_200),

  SMTP_URL: url('smtp:', 'smtps:').default('smtp://127.0.0.1:1025'),
  MAIL_SINK_DIR: z.string().optional(),
  MAIL_FROM: z.string().min(3).default('Merchant Platform <no-reply@example.test>'),
  OPERATIONS_EMAIL: z.email().optional(),
  MAIL_PER_SECOND: count(1, 10_000).default(20),
  SMS_PROVIDER: z.enum(['log', 'twilio']).default('log'),
  TWILIO_BASE_URL: baseUrl('http:', 'https:').default('https://api.twilio.com'),
  TWILIO_ACCOUNT_SID: z.string().optional(),
  TWILIO_AUTH_TOKEN: z.string().optional(),
  TWILIO_FROM: z.string().optional(),
  TWILIO_MESSAGING_SERVICE_SID: z.string().optional(),
  SMS_PER_SECOND: count(1, 10_000).default(10),
  SMS_PER_RECIPIENT_HOUR: count(1, 1_000).default(5),
  SMS_PER_RECIPIENT_DAY: count(1, 1_000).default(20),
  SMS_PER_MERCHANT_DAY: count(1, 10_000_000).default(1_000),
  SMS_PER_PLATFORM_DAY: count(1, 10_000_000).default(5_000),

  PAYMENT_PROVIDER: z.enum(['test']).default('test'),
  ALLOW_TEST_PAYMENTS: flag().default(false),

  FILES_DIR: z.string().min(1).default('.data/files'),
  REPORTS_KEPT_DAYS: count(1, 80).default(7),

  MEMORY_CHECK_SECONDS: count(1, 3_600).default(30),
  MAX_HEAP_MB: count(64, 65_536).default(1_024),
});

export type Variables = z.output<typeof Variables>;
export type VariableName = keyof Variables;

/** The name of every variable, in the order of `.env.example`. */
export const VARIABLE_NAMES = Object.keys(Variables.shape) as readonly VariableName[];

/** What development fills in and production must be told. */
const REQUIRED_IN_PRODUCTION = [
  'PUBLIC_URL',
  'MONGODB_URI',
  'REDIS_URL',
  'CACHE_REDIS_URL',
  'JWT_SECRET',
  'CURSOR_SECRET',
  'AUDIT_SECRET',
  'SMTP_URL',
  'MAIL_FROM',
] as const satisfies readonly VariableName[];

const SECRETS = [
  'JWT_SECRET',
  'JWT_PREVIOUS_SECRET',
  'CURSOR_SECRET',
  'AUDIT_SECRET',
] as const satisfies readonly VariableName[];

export interface EnvironmentFault {
  readonly variable: string;
  readonly fault: string;
}

/** All that is wrong with an environment. Its message is meant for whoever started the process and holds no value. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly faults: readonly EnvironmentFault[];

  constructor(faults: readonly EnvironmentFault[]) {
    const lines = faults.map(({ variable, fault }) => `  ${variable} ${fault}`);
    super(['The environment is not valid:', ...lines].join('\n'));
    this.faults = faults;
  }
}

/**
 * Reads the variables out of an environment.
 * @throws EnvironmentError with every fault at once.
 */
export function parseEnvironment(environment: Readonly<Record<string, string | undefined>>): Variables {
  // An empty value is how a compose file says "not set".
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Variables.safeParse(given);
  const faults = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({ variable: path.join('.'), fault: phrase(message) })),
    ...faultsTogether(given),
  ];
  if (!parsed.success || faults.length > 0) throw new EnvironmentError(faults);
  return parsed.data;
}

type Given = Readonly<Partial<Record<string, string>>>;

/** Faults that no single variable shows. Looks at the raw text, so that they are told beside those of the schema. */
function faultsTogether(given: Given): EnvironmentFault[] {
  return [...productionFaults(given), ...relationFaults(given)];
}

function productionFaults(given: Given): EnvironmentFault[] {
  // A name that there is not is refused by the schema; what it was meant to be nobody knows.
  if (given.NODE_ENV !== 'production') return [];
  const missing = REQUIRED_IN_PRODUCTION.filter((variable) => given[variable] === undefined);
  const weak = SECRETS.flatMap((variable) => {
    const fault = given[variable] === undefined ? undefined : weaknessOf(given[variable]);
    return fault === undefined ? [] : [{ variable, fault }];
  });
  return [
    ...missing.map((variable) => ({ variable, fault: 'must be set in production' })),
    ...weak,
    ...paymentFaults(given),
    ...(given.CRASH_AT === undefined ? [] : [{ variable: 'CRASH_AT', fault: 'is for tests only' }]),
  ];
}

/** Goods would be sent for money that nobody moves: only who says so wants that. */
function paymentFaults(given: Given): EnvironmentFault[] {
  const isTest = (given.PAYMENT_PROVIDER ?? 'test') === 'test';
  if (!isTest || given.ALLOW_TEST_PAYMENTS === 'true') return [];
  const fault = 'is test, which moves no money: name a provider, or say ALLOW_TEST_PAYMENTS=true for a trial';
  return [{ variable: 'PAYMENT_PROVIDER', fault }];
}

function relationFaults(given: Given): EnvironmentFault[] {
  const faults: EnvironmentFault[] = [];
  if (Number(given.MIN_POOL_SIZE ?? 10) > Number(given.MAX_POOL_SIZE ?? 100)) {
    faults.push({ variable: 'MIN_POOL_SIZE', fault: 'must not be above MAX_POOL_SIZE' });
  }
  if (given.JWT_PREVIOUS_SECRET !== undefined && given.JWT_PREVIOUS_SECRET === given.JWT_SECRET) {
    faults.push({ variable: 'JWT_PREVIOUS_SECRET', fault: 'must differ from JWT_SECRET' });
  }
  return [...faults, ...smsFaults(given)];
}

function smsFaults(given: Given): EnvironmentFault[] {
  if (given.SMS_PROVIDER !== 'twilio') return [];
  const missing = ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN'].filter((variable) => given[variable] === undefined);
  const faults = missing.map((variable) => ({ variable, fault: 'must be set when SMS_PROVIDER is twilio' }));
  const senders = [given.TWILIO_FROM, given.TWILIO_MESSAGING_SERVICE_SID].filter((sender) => sender !== undefined);
  if (senders.length === 1) return faults;
  const fault = 'or TWILIO_MESSAGING_SERVICE_SID must be set when SMS_PROVIDER is twilio, and not both';
  return [...faults, { variable: 'TWILIO_FROM', fault }];
}

/** Zod's own messages begin as sentences ("Too big: expected …"); after a variable's name they read as a clause. */
function phrase(message: string): string {
  return message.startsWith('must') ? message : `is not valid: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}
