import { z } from 'zod';
import { Email } from '../../shared/email.ts';
import { Id } from '../../shared/ids.ts';
import { pageOf } from '../../shared/page.ts';
import { Timestamp } from '../../shared/time.ts';
import { askedPeriod } from '../analytics/index.ts';
import { KIND_NAMES } from './kinds/index.ts';
import { FAILURES, FORMATS } from './report.model.ts';
import { REPORT_STATES } from './report.state.ts';

const Kind = z.enum(KIND_NAMES as [(typeof KIND_NAMES)[number], ...typeof KIND_NAMES]);
const Format = z.enum(FORMATS);
const LocalDay = z.iso.date();
const State = z.enum(REPORT_STATES);

export const RequestReport = z
  .strictObject({
    kind: Kind,
    format: Format.default('pdf'),
    ...askedPeriod(),
    email: Email.optional().meta({ description: 'Who gets a mail with a link when it is ready' }),
  })
  .meta({ id: 'RequestReport', examples: [{ kind: 'sales', format: 'pdf', from: '2026-01-01', until: '2026-02-01' }] });
export type RequestReport = z.output<typeof RequestReport>;

export const ReportView = z
  .strictObject({
    id: Id,
    kind: Kind,
    format: Format,
    from: LocalDay,
    until: LocalDay,
    state: State,
    allowedTransitions: z.array(State),
    progress: z.int().meta({ description: 'In per cent' }),
    rows: z.int().nullable(),
    bytes: z.int().nullable(),
    failure: z.enum(FAILURES).nullable(),
    requestedAt: Timestamp,
    finishedAt: Timestamp.nullable(),
    expiresAt: Timestamp.nullable().meta({ description: 'When its file is removed' }),
    download: z
      .strictObject({ url: z.url(), expiresAt: Timestamp })
      .nullable()
      .meta({ description: 'A link for whoever holds it, while the report is ready' }),
  })
  .meta({ id: 'Report' });
export type ReportView = z.input<typeof ReportView>;
export const ReportPage = pageOf(ReportView).meta({ id: 'ReportPage' });

export const ReportPath = z.strictObject({ reportId: Id });

export const EVERY = ['day', 'week', 'month'] as const;

const Emails = z.array(Email).min(1).max(5);
const scheduled = { kind: Kind, format: Format, every: z.enum(EVERY), emails: Emails };

export const CreateSchedule = z.strictObject({ ...scheduled, format: Format.default('pdf') }).meta({
  id: 'CreateReportSchedule',
  description: 'A report of each day, week (from Monday on) or month, made when that is over in the store’s time zone',
});
export type CreateSchedule = z.output<typeof CreateSchedule>;

export const EditSchedule = z
  .strictObject({ emails: Emails.optional(), isPaused: z.boolean().optional() })
  .meta({ id: 'EditReportSchedule' });
export type EditSchedule = z.output<typeof EditSchedule>;

export const ScheduleView = z
  .strictObject({
    id: Id,
    ...scheduled,
    emails: z.array(z.string()),
    isPaused: z.boolean(),
    nextAt: Timestamp,
    createdAt: Timestamp,
  })
  .meta({ id: 'ReportSchedule' });
export type ScheduleView = z.input<typeof ScheduleView>;
export const SchedulePage = pageOf(ScheduleView).meta({ id: 'ReportSchedulePage' });

export const SchedulePath = z.strictObject({ scheduleId: Id });
