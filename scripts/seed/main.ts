import { parseArgs } from 'node:util';
import { loadConfigOrExit } from '../../src/config/index.ts';
import { isAway } from '../../src/platform/database/failures.ts';
import { demoLogins, isSeeded, seed } from './index.ts';

const USAGE = `Usage: npm run seed -- [--seed <number>]

Fills the empty database of MONGODB_URI and DB_NAME with demo data; the same number gives the same data on the same day.
`;

const write = (line: string): void => void process.stdout.write(`${line}\n`);

const { environment, database } = loadConfigOrExit();
try {
  process.exitCode = await run();
} catch (error) {
  const text = lineOf(error);
  if (text === undefined) throw error;
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}

/** @returns the exit code */
async function run(): Promise<number> {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, help: { type: 'boolean', default: false } } });
  const seedNumber = Number(values.seed ?? '20260');
  if (values.help || !Number.isSafeInteger(seedNumber)) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 1;
  }
  if (environment === 'production') {
    process.stderr.write('Demo data has accounts with a known password: it is not for production.\n');
    return 1;
  }
  const target = { uri: database.uri, name: database.name };
  if (await isSeeded(target)) {
    write('The demo data is there already.');
    return 0;
  }
  const written = await seed({ ...target, seedNumber });
  for (const [what, count] of Object.entries(written)) write(`${String(count).padStart(7)} ${what}`);
  for (const { role, email, password } of demoLogins) write(`${role.padEnd(8)} ${email.padEnd(22)} ${password}`);
  return 0;
}

/** What whoever started it can do something about, in a line. */
function lineOf(error: unknown): string | undefined {
  if (isAway(error)) return `The database at MONGODB_URI cannot be reached: ${(error as Error).message}`;
  const isOfArguments =
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  return isOfArguments ? error.message : undefined;
}
