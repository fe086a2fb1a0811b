import { afterEach, beforeEach } from '@jest/globals';
import mongoose from 'mongoose';
import { withDatabase, type Bench } from './harness.ts';

/** What a suite through Mongoose works with. */
export interface MongooseBench {
  readonly server: Bench;
  /** A connection of the test's own, to a database of its own. */
  connection: mongoose.Connection;
}

/** Connects Mongoose anew for every test, so that no model outlives it. */
export function withMongoose(): MongooseBench {
  const server = withDatabase();
  const bench = { server } as MongooseBench;
  beforeEach(async () => {
    const dbName = server.db.databaseName;
    bench.connection = await mongoose.createConnection(server.uri, { dbName }).asPromise();
  });
  afterEach(async () => {
    await bench.connection.close();
  });
  return bench;
}

/** What a promise was rejected with. */
export async function failure<Failure = Error & { code?: number }>(promise: PromiseLike<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (error) {
    return error as Failure;
  }
  throw new Error('The promise was expected to be rejected');
}
