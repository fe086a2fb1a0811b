import { asSystem } from '../../platform/database/scoped.ts';
import type { LinkTokens } from '../../platform/security/links.ts';
import { Id } from '../../shared/ids.ts';
import type { UserReads } from '../identity/index.ts';
import type { MembershipReads } from './membership.reads.ts';
import type { MembershipStore } from './membership.store.ts';

/** What the link in a mail about low stock does. */
const END_STOCK_ALERTS = 'end-stock-alerts';

export interface StockAlertDeps {
  readonly memberships: Pick<MembershipReads, 'findAlerted'>;
  readonly store: Pick<MembershipStore, 'setStockAlerts'>;
  readonly users: Pick<UserReads, 'findCards'>;
  readonly links: LinkTokens;
  readonly publicUrl: string;
}

/** Who of a store hears of low stock. */
export class StockAlerts {
  readonly #deps: StockAlertDeps;

  constructor(deps: StockAlertDeps) {
    this.#deps = deps;
  }

  /** Its owners and managers, but for those who asked to be left alone, each with the link that asks for it. */
  async findAlerted(merchantId: Id) {
    const { memberships, users, links, publicUrl } = this.#deps;
    const members = await memberships.findAlerted({ scope: { kind: 'merchant', merchantId } });
    const cards = await users.findCards(members.map(({ userId }) => userId));
    return members.flatMap(({ _id, userId }) => {
      const card = cards.get(Id.encode(userId));
      if (card === undefined) return [];
      const { name, email, locale } = card;
      const token = links.issue(END_STOCK_ALERTS, _id);
      // In the query, where logs mask it.
      return [{ name, email, locale, unsubscribeUrl: `${publicUrl}/callbacks/stock-alerts?token=${token}` }];
    });
  }

  /** Ends these mails to whoever got the link, or has them sent again. @returns whether the link is one of ours */
  async setWanted(token: string, wanted: boolean): Promise<boolean> {
    const membershipId = this.#deps.links.open(END_STOCK_ALERTS, token);
    if (membershipId === undefined) return false;
    await this.#deps.store.setStockAlerts(membershipId, wanted, asSystem('link in a mail about low stock'));
    return true;
  }
}
