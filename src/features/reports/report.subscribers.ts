import { z } from 'zod';
import { asSystem, type Access } from '../../platform/database/scoped.ts';
import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import type { LinkTokens } from '../../platform/security/links.ts';
import { differenceOf } from '../../shared/difference.ts';
import { beginOf } from '../analytics/index.ts';
import { KIND_NAMES } from './kinds/index.ts';
import { nextBegin } from './period.ts';
import { reportsManaged } from './report.events.ts';
import { FORMATS, type Report } from './report.model.ts';
import { EVERY } from './report.schema.ts';
import { AUDITED, type ReportSchedule } from './schedule.model.ts';
import type { ScheduleReads, ScheduleStore } from './schedule.store.ts';

/** What the link in the mail of a scheduled report does. */
const END_REPORTS = 'end-reports';
/** As it was called when links named a schedule. */
const END_SUBSCRIPTION = 'end-report-subscription';

/**
 * What such a mail is about, beside the store: which reports, and to whom. No schedule, since several may bring them, and any of
 * those may be removed.
 */
const Subject = z.tuple([z.enum(KIND_NAMES), z.enum(FORMATS), z.enum(EVERY), z.string()]);

const system = asSystem('link in a mail of a scheduled report');

export interface SubscriptionDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly reads: Pick<ScheduleReads, 'find' | 'findOf'>;
  readonly store: Pick<ScheduleStore, 'change'>;
  readonly links: Pick<LinkTokens, 'issueFor' | 'openFor'>;
  readonly publicUrl: string;
}

/** Which reports are to be sent to whom no more. */
interface Ending extends Pick<ReportSchedule, 'every' | 'format' | 'kind' | 'merchantId'> {
  readonly email: string;
}

type Scheduled = Pick<Report, 'format' | 'from' | 'kind' | 'until'>;

/** Who gets the reports of a schedule, and wants no more of them. */
export class ReportSubscribers {
  readonly #deps: SubscriptionDeps;

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
  }

  /** By address: the link that ends what brings this report there. Whoever asked for it alone has none. */
  async linksFor(report: Scheduled, access: Access): Promise<ReadonlyMap<string, string>> {
    const { reads, links, publicUrl } = this.#deps;
    const schedules = (await reads.findOf(report, access)).filter((schedule) => isOf(schedule, report));
    return new Map(
      schedules.flatMap(({ merchantId, kind, format, every, emails }) =>
        emails.map((email) => {
          const subject: z.input<typeof Subject> = [kind, format, every, email];
          const token = links.issueFor(END_REPORTS, merchantId, JSON.stringify(subject));
          // In the query, where logs mask it.
          return [email, `${publicUrl}/callbacks/report-subscriptions?token=${token}`] as const;
        }),
      ),
    );
  }

  /**
   * Ends one address's part in all schedules that bring the same reports: they come as one mail, with one link. A second time
   * changes nothing. @returns whether the link is one of ours, and says what is to end
   */
  async end(token: string): Promise<boolean> {
    const { transact, reads } = this.#deps;
    const ending = this.#open(token) ?? (await this.#openOlder(token));
    if (ending === undefined) return false;
    const scope = { kind: 'merchant', merchantId: ending.merchantId } as const;
    await transact(system, async (access) => {
      for (const schedule of await reads.findOf(ending, { scope, session: access.session })) {
        if (schedule.every === ending.every) await this.#endFor(schedule, ending.email, access);
      }
    });
    return true;
  }

  #open(token: string): Ending | undefined {
    const opened = this.#deps.links.openFor(END_REPORTS, token);
    if (opened === undefined) return undefined;
    const subject = Subject.safeParse(JSON.parse(opened.subject));
    // Of a kind that there is no more, and so nobody gets.
    if (!subject.success) return undefined;
    const [kind, format, every, email] = subject.data;
    return { merchantId: opened.id, kind, format, every, email };
  }

  /** Links of mails that were sent before name a schedule, and with it nothing when that is gone. */
  async #openOlder(token: string): Promise<Ending | undefined> {
    const opened = this.#deps.links.openFor(END_SUBSCRIPTION, token);
    const schedule = opened && (await this.#deps.reads.find(opened.id, system));
    return schedule && { ...schedule, email: opened.subject };
  }

  async #endFor(schedule: ReportSchedule, email: string, access: TransactionAccess): Promise<void> {
    const { store, appendEvent } = this.#deps;
    // Ended before.
    if (!schedule.emails.includes(email)) return;
    const { _id, merchantId } = schedule;
    const emails = schedule.emails.filter((other) => other !== email);
    // Nobody is left to write to.
    const isPaused = schedule.isPaused || emails.length === 0;
    const changed = await store.change(_id, { emails, isPaused }, access);
    if (changed === undefined) return;
    await appendEvent(system, reportsManaged('report-schedule.changed', merchantId, _id), access, {
      target: { kind: 'report-schedule', id: _id },
      merchantId,
      ...differenceOf(schedule, changed, AUDITED),
    });
  }
}

/** Whether the report is of a day, week or month that the schedule is of. */
const isOf = ({ every }: ReportSchedule, { from, until }: Scheduled): boolean =>
  beginOf(from, every) === from && nextBegin(from, every) === until;
