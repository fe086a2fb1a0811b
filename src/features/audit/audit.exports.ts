import type { ClientSession } from 'mongoose';
import type { Access } from '../../platform/database/scoped.ts';
import type { StreamedAnswer } from '../../platform/http/streamed-answer.ts';
import { chainName, type ChainOwner } from './audit.model.ts';
import type { AuditFilter } from './audit.reads.ts';
import type { AuditEntryView, AuditExportQuery, ExportFormat } from './audit.schema.ts';
import type { ChainedEntry } from './chain-walk.ts';
import type { ExportReads } from './export.reads.ts';
import { shownEntry } from './link.ts';

export interface ExportSource {
  readonly reads: ExportReads;
  /** Of one export: each of its reads sees what those before saw, also when another secondary answers, which may lag. */
  readonly session: ClientSession;
}

/** The whole log, or what a question asks for, as a file. Holds a page of it and some places, whatever there is. */
export class AuditExports {
  readonly #connect: () => Promise<ExportSource>;

  /** @param connect reads on the client for reports, which it opens when first asked */
  constructor(connect: () => Promise<ExportSource>) {
    this.#connect = connect;
  }

  /** In the order of the chain, so that what was exported can be verified by itself. */
  stream(owner: ChainOwner, { format, ...query }: AuditExportQuery, access: Access): StreamedAnswer {
    const { mediaType, load } = FORMATS[format];
    const fileName = `audit-${chainName(owner).replace(':', '-')}.${format}`;
    const pages = this.#pages(owner, query, access);
    async function* chunks(): AsyncGenerator<string> {
      const { head, write } = await load();
      let lead = head;
      for await (const page of pages) {
        yield lead + write(page.map(shownEntry));
        lead = '';
      }
      yield lead;
    }
    return { mediaType, fileName, chunks: chunks() };
  }

  async *#pages(owner: ChainOwner, query: AuditFilter, access: Access): AsyncGenerator<readonly ChainedEntry[]> {
    const { reads, session } = await this.#connect();
    const within = { ...access, session };
    try {
      yield* isWhole(query) ? reads.findRun(owner, query, within) : reads.findAnswers(owner, query, within);
    } finally {
      await session.endSession();
    }
  }
}

/** Whether all of a time is asked for: then what is exported has no gaps. */
const isWhole = ({ actorId, action, targetId }: AuditFilter): boolean => (actorId ?? action ?? targetId) === undefined;

interface Writer {
  readonly head: string;
  readonly write: (entries: readonly AuditEntryView[]) => string;
}

interface Format {
  readonly mediaType: string;
  /** Libraries are loaded when a file is asked for: most processes never write one. */
  readonly load: () => Promise<Writer>;
}

const FORMATS: Readonly<Record<ExportFormat, Format>> = {
  ndjson: {
    mediaType: 'application/x-ndjson; charset=utf-8',
    load: () => Promise.resolve({ head: '', write: (entries) => entries.map(lineOf).join('') }),
  },
  csv: {
    mediaType: 'text/csv; charset=utf-8',
    async load() {
      const { stringify } = await import('csv-stringify/sync');
      return {
        // Without a byte order mark Excel takes UTF-8 for something else.
        head: stringify([COLUMNS], { ...CSV, bom: true }),
        write: (entries) => stringify(entries.map(cellsOf), CSV),
      };
    },
  },
};

const lineOf = (entry: AuditEntryView): string => `${JSON.stringify(entry)}\n`;

/** RFC 4180; what a spreadsheet would take for a formula is marked as a text. */
const CSV = { record_delimiter: '\r\n', escape_formulas: true } as const;

const COLUMNS = [
  ...['seq', 'id', 'chain', 'occurredAt', 'action', 'actorKind', 'actorId', 'reason', 'targetKind', 'targetId'],
  ...['before', 'after', 'address', 'requestId', 'result', 'previousHash', 'hash'],
];

function cellsOf(entry: AuditEntryView): readonly (number | string | null)[] {
  const { seq, id, chain, occurredAt, action, actor, reason, target, before, after } = entry;
  const { address, requestId, result, previousHash, hash } = entry;
  const text = (values: typeof before) => (values === null ? null : JSON.stringify(values));
  return [
    ...[seq, id, chain, occurredAt, action, actor.kind, actor.id, reason, target?.kind ?? null, target?.id ?? null],
    ...[text(before), text(after), address, requestId, result, previousHash, hash],
  ];
}
