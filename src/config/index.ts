import { tmpdir } from 'node:os';
import { DAY_MS } from '../shared/time.ts';
import { EnvironmentError, parseEnvironment, type VariableName, type Variables } from './environment.ts';

export { EnvironmentError } from './environment.ts';

/** The configuration as the parts of the program ask for it. */
export type Config = ReturnType<typeof toConfig>;

/**
 * Reads the configuration of this process.
 * @throws EnvironmentError with every fault at once; the caller prints its message and exits with 1.
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  return toConfig(parseEnvironment(environment));
}

/** The configuration, or the end of the process with exit code 1 and every fault told. */
export function loadConfigOrExit(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** Whether somebody has set a variable: the launcher starts a server of its own for what is not set. */
export function isSet(variable: VariableName): boolean {
  return (process.env[variable] ?? '') !== '';
}

/** Variables to be set for a child process. */
export type VariableOverrides = Readonly<Partial<Record<VariableName, string>>>;

/** The environment for a child process: this one's, with some variables set. */
export function childEnvironment(overrides: VariableOverrides): Record<string, string | undefined> {
  return { ...process.env, ...overrides };
}

function toConfig(env: Variables) {
  return {
    environment: env.NODE_ENV,
    crashAt: env.CRASH_AT,
    http: {
      host: env.HOST,
      port: env.PORT,
      publicUrl: env.PUBLIC_URL,
      trustProxy: env.TRUST_PROXY,
      corsOrigins: env.CORS_ORIGINS,
      slowRequestMs: env.SLOW_REQUEST_MS,
      shutdownMs: env.SHUTDOWN_SECONDS * 1_000,
    },
    worker: { port: env.WORKER_PORT, maxMemoryBytes: env.WORKER_MAX_MEMORY_MB * 1_024 * 1_024 },
    operations: { email: env.OPERATIONS_EMAIL },
    log: { level: env.LOG_LEVEL },
    database: {
      uri: env.MONGODB_URI,
      name: env.DB_NAME,
      maxPoolSize: env.MAX_POOL_SIZE,
      minPoolSize: env.MIN_POOL_SIZE,
    },
    redis: { queueUrl: env.REDIS_URL, cacheUrl: env.CACHE_REDIS_URL, password: env.REDIS_PASSWORD },
    queue: { prefix: env.QUEUE_PREFIX },
    cache: {
      enabled: env.CACHE_ENABLED,
      memoryBytes: env.CACHE_MEMORY_MB * 1_024 * 1_024,
      warmer: { enabled: env.CACHE_WARMER_ENABLED, intervalMs: env.CACHE_WARMER_INTERVAL * 1_000 },
    },
    tokens: {
      secret: env.JWT_SECRET,
      previousSecret: env.JWT_PREVIOUS_SECRET,
      issuer: env.JWT_ISSUER,
      audience: env.JWT_AUDIENCE,
    },
    cursors: { secret: env.CURSOR_SECRET },
    audit: { secret: env.AUDIT_SECRET, keptMs: env.AUDIT_DAYS * DAY_MS },
    limits: {
      instances: env.API_INSTANCES,
      perAddress: env.LIMIT_PER_ADDRESS,
      perTenant: env.LIMIT_PER_TENANT,
      perUser: env.LIMIT_PER_USER,
      perKey: env.LIMIT_PER_KEY,
    },
    mail: {
      smtpUrl: env.SMTP_URL,
      from: env.MAIL_FROM,
      sinkDirectory: env.MAIL_SINK_DIR,
      perSecond: env.MAIL_PER_SECOND,
    },
    sms: smsOf(env),
    payments: { provider: env.PAYMENT_PROVIDER },
    files: { directory: env.FILES_DIR, scratch: tmpdir(), reportsKeptMs: env.REPORTS_KEPT_DAYS * DAY_MS },
    memory: { intervalMs: env.MEMORY_CHECK_SECONDS * 1_000, maxHeapBytes: env.MAX_HEAP_MB * 1_024 * 1_024 },
  } as const;
}

function smsOf(env: Variables) {
  return {
    provider: env.SMS_PROVIDER,
    twilio: env.SMS_PROVIDER === 'twilio' ? twilioOf(env) : undefined,
    perSecond: env.SMS_PER_SECOND,
    caps: {
      recipientHour: env.SMS_PER_RECIPIENT_HOUR,
      recipientDay: env.SMS_PER_RECIPIENT_DAY,
      merchantDay: env.SMS_PER_MERCHANT_DAY,
      platformDay: env.SMS_PER_PLATFORM_DAY,
    },
  };
}

/** The schema has seen to it that one of the senders is set. */
function twilioOf(env: Variables) {
  const { TWILIO_ACCOUNT_SID = '', TWILIO_AUTH_TOKEN = '', TWILIO_FROM = '', TWILIO_MESSAGING_SERVICE_SID } = env;
  return {
    baseUrl: env.TWILIO_BASE_URL,
    accountSid: TWILIO_ACCOUNT_SID,
    authToken: TWILIO_AUTH_TOKEN,
    sender:
      TWILIO_MESSAGING_SERVICE_SID === undefined
        ? { from: TWILIO_FROM }
        : { messagingServiceSid: TWILIO_MESSAGING_SERVICE_SID },
  };
}
