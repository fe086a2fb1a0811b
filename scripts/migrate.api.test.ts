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
  expect((await migrate(['plan'])).out).toContain(`${String(count)} to do, 0 as declared`);
  expect(await migrate(['status'])).toMatchObject({ code: 2, out: `version 0, ${String(count)} to do\n` });
  const applied = await migrate(['apply']);
  expect(applied.code).toBe(0);
  expect(applied.out).toContain('version 1 applied');
  expect((await migrate(['apply'])).out).toBe('nothing to do\n');
  expect(await migrate(['status'])).toMatchObject({ code: 0 });
  expect((await migrate(['plan'])).out).toBe(`0 to do, ${String(count)} as declared\n`);
  expect((await migrate(['rollback'])).out).toContain('version 1 taken back');
  expect((await migrate(['plan'])).out).toContain(`${String(count)} to do`);
}, 60_000);

test('a wrong command shows the usage, and a database that is away one line', async () => {
  const wrong = await migrate(['destroy']);
  expect(wrong.code).toBe(1);
  expect(wrong.errors).toContain('Usage');
  const away = await migrate(['plan'], 'mongodb://127.0.0.1:1/');
  expect(away).toMatchObject({ code: 1, errors: 'The database at MONGODB_URI cannot be reached\n' });
}, 30_000);
