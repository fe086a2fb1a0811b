import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { withDatabase } from '../tests/environment/index.ts';
import { childEnvironment } from '../src/config/index.ts';
import { collections } from '../src/container/collections.ts';

const database = withDatabase({ collections: [] });
const script = fileURLToPath(new URL('migrate.ts', import.meta.url));

async function migrate(args: readonly string[], uri = database.uri) {
  const env = childEnvironment({ MONGODB_URI: uri, DB_NAME: database.name });
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await ended) as [number];
  return { code, out, errors };
}

test('an empty database is planned, migrated, found in order and taken back, from the command line', async () => {
  const count = collections.reduce((sum, { indexes }) => sum + indexes.length, 0);
  const [toDo, before] = await Promise.all([migrate(['plan']), migrate(['status'])]);
  expect(toDo.out).toContain(`${String(count)} to do, 0 as declared`);
  expect(before).toMatchObject({ code: 2, out: `version 0, ${String(count)} to do\n` });
  const applied = await migrate(['apply']);
  expect(applied.code).toBe(0);
  expect(applied.out).toContain('version 1 applied');
  // Reads only, so that they can go side by side: most of the time it is processes that start.
  const [status, planned] = await Promise.all([migrate(['status']), migrate(['plan'])]);
  expect(status.code).toBe(0);
  expect(planned.out).toBe(`0 to do, ${String(count)} as declared\n`);
  expect((await migrate(['rollback'])).out).toContain('version 1 taken back');
}, 60_000);

test('a wrong command shows the usage, and a database that is away one line', async () => {
  const wrong = await migrate(['destroy']);
  expect(wrong.code).toBe(1);
  expect(wrong.errors).toContain('Usage');
  const away = await migrate(['plan'], 'mongodb://127.0.0.1:1/');
  expect(away).toMatchObject({ code: 1, errors: 'The database at MONGODB_URI cannot be reached\n' });
}, 30_000);
