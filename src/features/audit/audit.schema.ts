import { z } from 'zod';
import { Id } from '../../shared/ids.ts';
import { pageOf, PageQuery } from '../../shared/page.ts';
import { Timestamp } from '../../shared/time.ts';
import { RESULTS } from './audit.model.ts';

const Moment = z.iso
  .datetime()
  .transform((text) => new Date(text))
  .meta({ type: 'string', format: 'date-time' });
const Word = z.string().min(1).max(100);

const filters = {
  actorId: Id.optional().meta({ description: 'Who did it' }),
  action: Word.optional().meta({ description: 'What was done, such as `product.changed`' }),
  targetId: Word.optional().meta({ description: 'What it was done to' }),
  from: Moment.optional(),
  until: Moment.optional(),
};
const ofStore = {
  merchantId: Id.optional().meta({ description: "A store's log; the platform's unless said" }),
};

export const AuditQuery = PageQuery.extend(filters);
export type AuditQuery = z.output<typeof AuditQuery>;

export const AllAuditQuery = AuditQuery.extend(ofStore);
export type AllAuditQuery = z.output<typeof AllAuditQuery>;

const FORMATS = ['ndjson', 'csv'] as const;
export type ExportFormat = (typeof FORMATS)[number];

export const AuditExportQuery = z.strictObject({
  ...filters,
  format: z.enum(FORMATS).default('ndjson').meta({ description: 'Only `ndjson` can be verified' }),
});
export type AuditExportQuery = z.output<typeof AuditExportQuery>;

export const AllAuditExportQuery = AuditExportQuery.extend(ofStore);

const Values = z.record(z.string(), z.unknown()).nullable();

export const AuditEntryView = z
  .strictObject({
    id: Id,
    chain: z.string(),
    occurredAt: Timestamp,
    action: z.string(),
    actor: z.strictObject({ kind: z.enum(['anonymous', 'apiKey', 'user']), id: z.string().nullable() }),
    reason: z.string().nullable().meta({ description: 'Why the platform acted, where it did' }),
    target: z.strictObject({ kind: z.string(), id: z.string() }).nullable(),
    before: Values,
    after: Values,
    address: z.string().nullable(),
    requestId: z.string().nullable(),
    result: z.enum(RESULTS),
    seq: z.int().nullable().meta({ description: 'Its place in the chain; null until it is chained' }),
    previousHash: z.string().nullable(),
    hash: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry', description: 'Who did what; personal data in `before` and `after` is masked.' });
export type AuditEntryView = z.input<typeof AuditEntryView>;

export const AuditPage = pageOf(AuditEntryView).meta({ id: 'AuditPage' });
