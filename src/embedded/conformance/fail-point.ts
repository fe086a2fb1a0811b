import type { Document } from 'mongodb';
import type { Bench } from './harness.ts';

/** Sets MongoDB's `failCommand` for as long as `work` takes; against a real server it needs `enableTestCommands`. */
export async function withFailPoint<T>(
  { client }: Pick<Bench, 'client'>,
  data: Document,
  work: () => Promise<T>,
  { mode = { times: 1 }, name = 'failCommand' }: { mode?: Document | 'alwaysOn'; name?: string } = {},
): Promise<T> {
  const admin = client.db('admin');
  await admin.command({ configureFailPoint: name, mode, data });
  try {
    return await work();
  } finally {
    await admin.command({ configureFailPoint: name, mode: 'off' });
  }
}
