import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Container } from '../src/container.ts';
import { EventsGone, type DayRange } from '../src/features/analytics/rollups.ts';
import { asSystem } from '../src/platform/database/scoped.ts';
import { Id } from '../src/shared/ids.ts';
import { runByHand, Unusable, withContainer } from './with-container.ts';

const USAGE = `Usage: npm run analytics:rebuild -- --merchant <id or slug> --from <day> --until <day>

Tells which rows of a store say something else than its events, and counts all of these days anew. May run beside everything.
Where that takes longer than a query may (60 s), take fewer days at a time.
Days of which events have expired cannot be counted any more and are left as they are: exit code 1 when there is one among them.
Exit code 2 where so much came in meanwhile that it did not come to an end: run it again.

  --from <day>   the first day in the store's time zone, as 2026-03-02
  --until <day>  the day after the last
`;

const Options = z
  .strictObject({ merchant: z.string().min(1), from: z.iso.date(), until: z.iso.date() })
  .refine(({ from, until }) => from < until);
type Options = z.output<typeof Options>;

const write = (line: string): void => void process.stdout.write(`${line}\n`);

async function findStore(container: Container, merchant: string): Promise<Id> {
  const reads = container.merchantReads();
  const { data: id } = Id.safeDecode(merchant);
  if (id !== undefined && (await reads.findStore(id)) !== undefined) return id;
  const profile = await reads.findProfile(merchant, asSystem('rebuild by hand'));
  if (profile === undefined) throw new Unusable(`There is no store '${merchant}'`);
  return Id.decode(profile.id);
}

/** @returns the exit code */
async function rebuild(container: Container, { merchant, ...days }: Options): Promise<number> {
  const rollups = container.rollups();
  const range: DayRange = { merchantId: await findStore(container, merchant), ...days };
  const drift = await rollups.findDrift(range);
  for (const { unit, slot, type, counted, kept } of drift)
    write(`${unit} ${slot}: ${String(kept)} ${type}, and ${String(counted)} events`);
  const isDone = await rollups.rebuild(range);
  write(`${String(drift.length)} rows were wrong; ${isDone ? 'all days are' : 'not all days could be'} counted anew`);
  return isDone ? 0 : 2;
}

function optionsOrUndefined(): Options | undefined {
  const text = { type: 'string' } as const;
  try {
    return Options.parse(parseArgs({ options: { merchant: text, from: text, until: text } }).values);
  } catch {
    return undefined;
  }
}

await runByHand(
  USAGE,
  optionsOrUndefined(),
  (options) => withContainer('analytics-rebuild', (container) => rebuild(container, options)),
  (error) => error instanceof EventsGone,
);
