import type { QueryFilter } from 'mongoose';
import type { ScopedModel } from '../../platform/database/collection.ts';
import { keysetPages } from '../../platform/database/keyset.ts';
import type { Access } from '../../platform/database/scoped.ts';
import type { StreamedAnswer } from '../../platform/http/streamed-answer.ts';
import type { AuditEntry, ChainOwner } from './audit.model.ts';
import { chainName } from './audit.model.ts';
import { filterOf } from './audit.reads.ts';
import type { AuditEntryView, AuditExportQuery, ExportFormat } from './audit.schema.ts';
import type { ChainedEntry } from './chain-walk.ts';
import { shownEntry } from './link.ts';

const PAGE = 200;

/** The index in the order of the chain. By that of a filter the database would have to sort. */
const IN_ORDER = 'chain';

/** The whole log, or what a question asks for, as a file. Holds a page of it, whatever there is. */
export class AuditExports {
  readonly #connect: () => Promise<ScopedModel<AuditEntry>>;

  /** @param connect the entries on the client for reports, which it opens when first asked */
  constructor(connect: () => Promise<ScopedModel<AuditEntry>>) {
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

  async *#pages(merchantId: ChainOwner, query: Question, access: Access): AsyncGenerator<readonly ChainedEntry[]> {
    const entries = await this.#connect();
    const run = await runOf(entries, merchantId, query, access);
    if (run === undefined) return;
    const wanted = isWhole(query) ? { merchantId } : filterOf(merchantId, query);
    yield* keysetPages<ChainedEntry>(PAGE, (limit, last) =>
      entries
        .find({ ...wanted, seq: { $gt: last?.seq ?? run.first - 1, $lte: run.last } }, null, access)
        .sort({ seq: 1, _id: 1 })
        .limit(limit)
        .hint(IN_ORDER)
        .lean<ChainedEntry[]>(),
    );
  }
}

type Question = Omit<AuditExportQuery, 'format'>;

/** Whether all of a time is asked for: then what is exported has no gaps. */
const isWhole = ({ actorId, action, targetId }: Question): boolean => (actorId ?? action ?? targetId) === undefined;

/**
 * The run of the chain that holds all entries of a time. Entries are chained in almost the order in which they were written;
 * at its ends a run may hold some of moments before and after.
 */
async function runOf(entries: ScopedModel<AuditEntry>, merchantId: ChainOwner, query: Question, access: Access) {
  const { from, until } = query;
  const filter: QueryFilter<AuditEntry> = { ...filterOf(merchantId, { from, until }), seq: { $gt: 0 } };
  const end = (direction: 1 | -1) =>
    entries
      .findOne(filter, { seq: 1 }, access)
      .sort({ seq: direction, _id: direction })
      .hint(IN_ORDER)
      .lean<Pick<ChainedEntry, 'seq'>>();
  const [first, last] = await Promise.all([end(1), end(-1)]);
  return first && last ? { first: first.seq, last: last.seq } : undefined;
}

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
      return { head: stringify([COLUMNS], CSV), write: (entries) => stringify(entries.map(cellsOf), CSV) };
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
