import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from './canonical-json.ts';
import type { AuditFault } from './chain-walk.ts';

/** What must be known of an exported entry to check it; all the rest of it is in its hash. */
const ExportedEntry = z.looseObject({
  id: z.string(),
  chain: z.string(),
  seq: z.int().positive(),
  previousHash: z.string(),
  hash: z.string(),
});
type ExportedEntry = z.output<typeof ExportedEntry>;

/**
 * Goes along the lines of an exported file, and remembers nothing but the last. Needs neither database nor key: the file
 * shows by itself that it was not changed since, and an anchor that was kept elsewhere, that nobody made all of it anew.
 */
export class ExportWalk {
  #last: ExportedEntry | undefined;
  #entries = 0;
  #gaps = 0;

  get entries(): number {
    return this.#entries;
  }

  /** Chain and place of the last line. */
  get place(): string {
    return this.#last === undefined ? '' : `${this.#last.chain} ${String(this.#last.seq)}`;
  }

  /** How often entries are left out between two lines: as by a filter, or by somebody. */
  get gaps(): number {
    return this.#gaps;
  }

  /** @throws SyntaxError or ZodError for a line that is no entry */
  step(line: string): AuditFault | undefined {
    const entry = ExportedEntry.parse(JSON.parse(line));
    const { hash, ...hashed } = entry;
    const last = this.#last;
    this.#entries += 1;
    this.#last = entry;
    if (createHash('sha256').update(canonicalJson(hashed)).digest('hex') !== hash) return faultOf(entry, 'was changed');
    if (last?.chain !== entry.chain) return undefined;
    if (entry.seq <= last.seq) return faultOf(entry, 'was inserted, or is not in its order');
    if (entry.seq > last.seq + 1) this.#gaps += 1;
    else if (entry.previousHash !== last.hash) return faultOf(last, 'was replaced: the next entry remembers another');
    return undefined;
  }

  /** Whether the last line is what an anchor says of its place. */
  compare(anchor: { readonly chain: string; readonly seq: number; readonly hash: string }): AuditFault | undefined {
    const last = this.#last;
    if (last?.chain !== anchor.chain || last.seq !== anchor.seq || last.hash === anchor.hash) return undefined;
    return faultOf(last, 'was replaced: the anchor remembers another');
  }
}

const faultOf = ({ chain, seq, id }: ExportedEntry, what: string): AuditFault => ({ chain, seq, entryId: id, what });
