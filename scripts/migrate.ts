import { parseArgs } from 'node:util';
import { collections } from '../src/container/collections.ts';
import { connectDatabase } from '../src/config/database.ts';
import { EnvironmentError, loadConfig } from '../src/config/index.ts';
import type { IndexChange } from '../src/platform/database/indexes.ts';
import { IndexMigrations, MigrationLocked } from '../src/platform/database/migrations.ts';
import { createLogger } from '../src/platform/observability/logger.ts';

const USAGE = `Usage: npm run migrate -- <command> [--prune]

  plan       what apply would do; changes nothing
  apply      create and change indexes, as one new version; with --prune also drop those that nobody declares
  status     versions and what is to be done; exit code 2 if there is something
  rollback   take the last version back
`;

const write = (line: string): void => void process.stdout.write(`${line}\n`);

const describe = ({ action, collection, index: { name, key, unique } }: IndexChange): string =>
  `${action.padEnd(6)} ${collection}.${name} ${JSON.stringify(key)}${unique === true ? ' unique' : ''}`;

const tell = (change: IndexChange): void => {
  write(describe(change));
};

const onWait = (): void => {
  write('waiting for another process that migrates');
};

/** Each command; its number is the exit code. */
const COMMANDS: Readonly<Record<string, (migrations: IndexMigrations, prune: boolean) => Promise<number>>> = {
  async plan(migrations, prune) {
    const { changes, undeclared, unchanged } = await migrations.plan();
    changes.forEach(tell);
    for (const change of undeclared) write(`${describe(change)}${prune ? '' : ' (undeclared; with --prune only)'}`);
    write(`${String(changes.length)} to do, ${String(unchanged)} as declared`);
    return 0;
  },
  async apply(migrations, prune) {
    const applied = await migrations.apply({ prune, onChange: tell, onWait });
    write(applied === undefined ? 'nothing to do' : `version ${String(applied._id)} applied`);
    return 0;
  },
  async status(migrations) {
    const { version, history, plan } = await migrations.status();
    for (const { _id, state, startedAt, changes } of history) {
      write(`${String(_id).padStart(4)} ${startedAt.toISOString()} ${state}, ${String(changes.length)} changes`);
    }
    write(`version ${String(version)}, ${String(plan.changes.length)} to do`);
    return plan.changes.length === 0 ? 0 : 2;
  },
  async rollback(migrations) {
    const undone = await migrations.rollback({ onChange: tell, onWait });
    write(undone === undefined ? 'nothing to take back' : `version ${String(undone._id)} taken back`);
    return 0;
  },
};

async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: { prune: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const command = COMMANDS[positionals[0] ?? ''];
  if (command === undefined || positionals.length > 1) {
    process.stderr.write(USAGE);
    return 1;
  }
  const logger = createLogger({ level: 'silent', service: 'migrate' });
  const database = await connectDatabase({ ...loadConfig().database, maxPoolSize: 2, minPoolSize: 0 }, { logger });
  try {
    const { db } = database.primary;
    if (db === undefined) {
      process.stderr.write('The database at MONGODB_URI cannot be reached\n');
      return 1;
    }
    return await command(new IndexMigrations(db, collections), values.prune);
  } finally {
    await database.close();
  }
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof EnvironmentError || error instanceof MigrationLocked || error instanceof TypeError))
    throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
