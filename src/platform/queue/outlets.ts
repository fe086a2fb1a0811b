import type { Id } from '../../shared/ids.ts';
import type { Actor, RequestContext, Scope } from '../../shared/scope.ts';
import type { TransactionAccess } from '../database/transaction.ts';

/** What something asked for is part of: with it, it is done if and only if the transaction commits. */
export interface Within {
  readonly context: Pick<RequestContext, 'scope'> & Partial<Pick<RequestContext, 'traceparent'>>;
  readonly access: TransactionAccess;
}

export interface SmsToSend {
  /** In E.164, such as `+4915112345678`. */
  readonly to: string;
  readonly text: string;
  readonly merchantId?: Id;
  /** What it is about, as whoever asks for it names it. */
  readonly reference?: string;
}

export type ReportFormat = 'csv' | 'pdf' | 'xlsx';

export interface ReportToGenerate {
  readonly merchantId: Id;
  readonly reportType: string;
  readonly format: ReportFormat;
  readonly dateRange: { readonly from: Date; readonly to: Date };
  /** Who is told when it is ready. */
  readonly email?: string;
  readonly requestedBy?: Id;
}

/** May be lost: page views and the like. `id` makes a repeated one count once. */
export interface AnalyticsEvent {
  readonly id: Id;
  readonly type: string;
  readonly merchantId: Id;
  readonly subjectId?: Id;
  readonly actorId?: Id;
  readonly value?: number;
  readonly occurredAt: Date;
}

/** Who did what on what, and what came of it. */
export interface AuditRecord {
  readonly action: string;
  readonly actor: Actor;
  readonly scope: Scope;
  readonly target?: { readonly kind: string; readonly id: string };
  readonly before?: object;
  readonly after?: object;
  readonly address?: string;
  readonly requestId?: string;
  readonly result: 'done' | 'failed' | 'refused';
}

/** What features do for the queue service, each within a transaction: its own when none is given. */
export interface Outlets {
  sendSMS(sms: SmsToSend, within?: Within): Promise<Id>;
  generateReport(report: ReportToGenerate, within?: Within): Promise<Id>;
  audit(record: AuditRecord, within?: Within): Promise<Id>;
}
