import { asSystem, type Access } from '../../platform/database/scoped.ts';
import type { Transact, TransactionAccess } from '../../platform/database/transaction.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import type { LinkTokens } from '../../platform/security/links.ts';
import { differenceOf } from '../../shared/difference.ts';
import type { Id } from '../../shared/ids.ts';
import { beginOf } from '../analytics/index.ts';
import { nextBegin } from './period.ts';
import { reportsManaged } from './report.events.ts';
import type { Report } from './report.model.ts';
import { AUDITED, type ReportSchedule } from './schedule.model.ts';
import type { ScheduleReads, ScheduleStore } from './schedule.store.ts';

/** What the link in the mail of a scheduled report does. */
const END_SUBSCRIPTION = 'end-report-subscription';

const system = asSystem('link in a mail of a scheduled report');

export interface SubscriptionDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly reads: Pick<ScheduleReads, 'find' | 'findOf'>;
  readonly store: Pick<ScheduleStore, 'change'>;
  readonly links: Pick<LinkTokens, 'issueFor' | 'openFor'>;
  readonly publicUrl: string;
}

type Scheduled = Pick<Report, 'format' | 'from' | 'kind' | 'until'>;

/** Who gets the reports of a schedule, and wants no more of them. */
export class ReportSubscribers {
  readonly #deps: SubscriptionDeps;

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
  }

  /** By address: the link that ends the schedule which brings this report there. Whoever asked for it alone has none. */
  async linksFor(report: Scheduled, access: Access): Promise<ReadonlyMap<string, string>> {
    const { reads, links, publicUrl } = this.#deps;
    const schedules = (await reads.findOf(report, access)).filter((schedule) => isOf(schedule, report));
    return new Map(
      schedules.flatMap(({ _id, emails }) =>
        emails.map((email) => {
          const token = links.issueFor(END_SUBSCRIPTION, _id, email);
          // In the query, where logs mask it.
          return [email, `${publicUrl}/callbacks/report-subscriptions?token=${token}`] as const;
        }),
      ),
    );
  }

  /**
   * Ends one address's part in a schedule, and in those that bring the same reports: they come as one mail, with one link.
   * A second time changes nothing. @returns whether the link is one of ours
   */
  async end(token: string): Promise<boolean> {
    const opened = this.#deps.links.openFor(END_SUBSCRIPTION, token);
    if (opened === undefined) return false;
    await this.#deps.transact(system, async (access) => {
      for (const schedule of await this.#likeThat(opened.id, access))
        await this.#endFor(schedule, opened.subject, access);
    });
    return true;
  }

  /** None when the whole schedule is gone. */
  async #likeThat(scheduleId: Id, { session }: TransactionAccess): Promise<readonly ReportSchedule[]> {
    const { reads } = this.#deps;
    const found = await reads.find(scheduleId, { ...system, session });
    if (found === undefined) return [];
    const scope = { kind: 'merchant', merchantId: found.merchantId } as const;
    return (await reads.findOf(found, { scope, session })).filter(({ every }) => every === found.every);
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
