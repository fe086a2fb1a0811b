/** Where the servers of a test run are, handed from the one process that starts them to the workers. */
export interface Addresses {
  readonly mongoUri: string;
  readonly redisUrl: string;
}

/* Tests configure nothing: the environment is only how jest passes something on to its workers. */
/* eslint-disable no-restricted-syntax */

export function publish({ mongoUri, redisUrl }: Addresses): void {
  process.env.TEST_MONGODB_URI = mongoUri;
  process.env.TEST_REDIS_URL = redisUrl;
}

/** @throws Error in a suite that jest did not start */
export function addresses(): Addresses {
  const { TEST_MONGODB_URI: mongoUri, TEST_REDIS_URL: redisUrl } = process.env;
  if (mongoUri === undefined || redisUrl === undefined) throw new Error('Run the tests by `npm test`');
  return { mongoUri, redisUrl };
}

/** Numbers the jest workers from 1. */
export const workerId = (): string => process.env.JEST_WORKER_ID ?? '1';
