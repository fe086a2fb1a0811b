import { appendFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { isSet } from '../src/config/index.ts';
import type { Container } from '../src/container.ts';
import { ExportWalk } from '../src/features/audit/export-walk.ts';
import { readLines } from '../src/platform/files/lines.ts';
import { runByHand, withContainer } from './with-container.ts';

const USAGE = `Usage: npm run audit:verify [-- --anchors <file>] [--export <file>]
       npm run audit:verify -- --file <file> [--filtered] [--anchors <file>]

Checks every chain of the audit log, and names in each the first entry that was removed, changed or inserted: exit code 1.
Exit code 2 where AUDIT_SECRET has sealed none of them, which is most likely another one then.

  --anchors <file>   also check the anchors in this file, of earlier runs: they tell of a chain that was cut off
  --export <file>    append the head of each chain that is whole: keep the file where the database's writers cannot reach
  --file <file>      check a log that was exported as NDJSON instead: needs neither database nor key; with --anchors it must hold
                     the entry of one at least, which a file of an older time than theirs does not
  --filtered         the file holds only some entries of its time: what is left out between two is no fault
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
  readonly file: string | undefined;
  readonly filtered: boolean;
}

type Verifier = ReturnType<Container['auditVerifier']>;
type Fault = NonNullable<Awaited<ReturnType<Verifier['verifyAnchor']>>>;

const write = (line: string): void => void process.stdout.write(`${line}\n`);

function tell({ chain, seq, entryId, what }: Fault): void {
  write(`${chain}: entry ${String(seq)}${entryId === undefined ? '' : ` (${entryId})`} ${what}`);
}

/** @returns how many faults were told, and whether this key has sealed none of the chains that there are */
async function verifyChains(verifier: Verifier, target: string | undefined) {
  let [chains, entries, faults, sealed] = [0, 0, 0, 0];
  for await (const verified of verifier.verifyAll()) {
    chains += 1;
    entries += verified.entries;
    if (verified.isSealed) sealed += 1;
    if (verified.fault !== undefined) {
      faults += 1;
      tell(verified.fault);
    } else if (target !== undefined) {
      await appendFile(target, `${JSON.stringify(verified.anchor)}\n`);
    }
  }
  write(`${String(entries)} entries in ${String(chains)} chains, ${String(faults)} of them broken`);
  return { faults, isForeign: chains > 0 && sealed === 0 };
}

async function* anchorsOf(file: string): AsyncGenerator<z.output<typeof Anchor>> {
  for await (const line of readLines(file)) {
    if (line.trim() !== '') yield Anchor.parse(JSON.parse(line));
  }
}

/** By chain and place; they are as many as chains in all runs of this script. */
async function anchorsByPlace(file: string): Promise<ReadonlyMap<string, z.output<typeof Anchor>>> {
  const anchors = new Map<string, z.output<typeof Anchor>>();
  for await (const anchor of anchorsOf(file)) anchors.set(`${anchor.chain} ${String(anchor.seq)}`, anchor);
  return anchors;
}

/** @returns how many faults were told, and how many anchors are of an entry in the file */
async function walkFile(file: string, walk: ExportWalk, anchorFile: string | undefined) {
  const anchors = anchorFile === undefined ? undefined : await anchorsByPlace(anchorFile);
  let [faults, met] = [0, 0];
  for await (const line of readLines(file)) {
    const broken = walk.step(line);
    const anchor = anchors?.get(walk.place);
    if (anchor !== undefined) met += 1;
    const fault = broken ?? (anchor && walk.compare(anchor));
    if (fault === undefined) continue;
    faults += 1;
    tell(fault);
  }
  return { faults, met };
}

/** @returns the exit code */
async function verifyFile(file: string, filtered: boolean, anchorFile: string | undefined): Promise<number> {
  const walk = new ExportWalk();
  const { faults, met } = await walkFile(file, walk, anchorFile);
  const { entries, gaps } = walk;
  write(
    `${String(entries)} entries, ${String(faults)} of them broken, ${String(gaps)} gaps, ${String(met)} anchors met`,
  );
  const isUnproven = anchorFile !== undefined && met === 0;
  if (isUnproven) write('No anchor is of an entry in it: all of it may have been made anew');
  return faults === 0 && (filtered || gaps === 0) && !isUnproven ? 0 : 1;
}

/** @returns how many faults were told */
async function verifyAnchors(verifier: Verifier, file: string): Promise<number> {
  let [anchors, faults] = [0, 0];
  for await (const anchor of anchorsOf(file)) {
    anchors += 1;
    const fault = await verifier.verifyAnchor(anchor);
    if (fault === undefined) continue;
    faults += 1;
    tell(fault);
  }
  write(`${String(anchors)} anchors, ${String(faults)} of them no longer true`);
  return faults;
}

async function verifyDatabase(
  verifier: Verifier,
  { anchors, export: target }: Pick<Options, 'anchors' | 'export'>,
): Promise<number> {
  const { faults, isForeign } = await verifyChains(verifier, target);
  if (isForeign) {
    const secret = isSet('AUDIT_SECRET') ? 'This AUDIT_SECRET' : 'AUDIT_SECRET is not set, and the one of development';
    write(`${secret} has sealed none of the heads: it is another than the log was sealed with, or all were made anew`);
    return 2;
  }
  const gone = anchors === undefined ? 0 : await verifyAnchors(verifier, anchors);
  return faults + gone === 0 ? 0 : 1;
}

async function run({ file, filtered, ...options }: Options): Promise<number> {
  if (file !== undefined) return verifyFile(file, filtered, options.anchors);
  return withContainer('audit-verify', (container) => verifyDatabase(container.auditVerifier(), options));
}

const isFileFault = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'path' in error && 'syscall' in error;

function optionsOrUndefined(): Options | undefined {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      options: { anchors: text, export: text, file: text, filtered: { type: 'boolean', default: false } },
    });
    const { anchors, export: target, file, filtered } = values;
    if (file === undefined ? filtered : target !== undefined) return undefined;
    return { anchors, export: target, file, filtered };
  } catch {
    return undefined;
  }
}

await runByHand(
  USAGE,
  optionsOrUndefined(),
  run,
  (error) => error instanceof z.ZodError || error instanceof SyntaxError || isFileFault(error),
);
