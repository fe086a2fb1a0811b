import { createReadStream } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { EnvironmentError, loadConfig } from '../src/config/index.ts';
import { createContainer, type Container } from '../src/container.ts';
import { DatabaseAway } from '../src/platform/database/failures.ts';

const USAGE = `Usage: npm run audit:verify [-- --anchors <file>] [--export <file>]

Checks every chain of the audit log, and names in each the first entry that was removed, changed or inserted: exit code 1.

  --anchors <file>   also check the anchors in this file, of earlier runs: they tell of a chain that was cut off
  --export <file>    append the head of each chain that is whole: keep the file where the database's writers cannot reach
`;

const Anchor = z.strictObject({
  chain: z.string(),
  seq: z.int(),
  hash: z.string(),
  at: z.iso.datetime().transform((text) => new Date(text)),
  seal: z.string(),
});

interface Options {
  readonly anchors: string | undefined;
  readonly export: string | undefined;
}

type Verifier = ReturnType<Container['auditVerifier']>;
type Fault = NonNullable<Awaited<ReturnType<Verifier['verifyAnchor']>>>;

const write = (line: string): void => void process.stdout.write(`${line}\n`);

function tell({ chain, seq, entryId, what }: Fault): void {
  write(`${chain}: entry ${String(seq)}${entryId === undefined ? '' : ` (${entryId})`} ${what}`);
}

/** @returns how many faults were told */
async function verifyChains(verifier: Verifier, target: string | undefined): Promise<number> {
  let [chains, entries, faults] = [0, 0, 0];
  for await (const verified of verifier.verifyAll()) {
    chains += 1;
    entries += verified.entries;
    if (verified.fault !== undefined) {
      faults += 1;
      tell(verified.fault);
    } else if (target !== undefined) {
      await appendFile(target, `${JSON.stringify(verified.anchor)}\n`);
    }
  }
  write(`${String(entries)} entries in ${String(chains)} chains, ${String(faults)} of them broken`);
  return faults;
}

/** @returns how many faults were told */
async function verifyAnchors(verifier: Verifier, file: string): Promise<number> {
  let [anchors, faults] = [0, 0];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line === '') continue;
    anchors += 1;
    const fault = await verifier.verifyAnchor(Anchor.parse(JSON.parse(line)));
    if (fault === undefined) continue;
    faults += 1;
    tell(fault);
  }
  write(`${String(anchors)} anchors, ${String(faults)} of them no longer true`);
  return faults;
}

async function run({ anchors, export: target }: Options): Promise<number> {
  const config = loadConfig();
  const quiet = {
    ...config,
    log: { level: 'silent' },
    database: { ...config.database, maxPoolSize: 2, minPoolSize: 0 },
  };
  const container = createContainer(quiet as typeof config, 'audit-verify');
  try {
    await container.database().connect();
    const verifier = container.auditVerifier();
    const broken = await verifyChains(verifier, target);
    const gone = anchors === undefined ? 0 : await verifyAnchors(verifier, anchors);
    return broken + gone === 0 ? 0 : 1;
  } finally {
    await container.close();
  }
}

function optionsOrUndefined(): Options | undefined {
  try {
    const { values } = parseArgs({ options: { anchors: { type: 'string' }, export: { type: 'string' } } });
    return { anchors: values.anchors, export: values.export };
  } catch {
    return undefined;
  }
}

const options = optionsOrUndefined();
if (options === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 1;
} else {
  try {
    process.exitCode = await run(options);
  } catch (error) {
    const told = [EnvironmentError, DatabaseAway, z.ZodError, SyntaxError].some((kind) => error instanceof kind);
    if (!told) throw error;
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
