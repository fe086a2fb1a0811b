import { asSystem } from '../../platform/database/scoped.ts';
import type { Transact } from '../../platform/database/transaction.ts';
import type { AppendEvent } from '../../platform/outbox/event.ts';
import { differenceOf } from '../../shared/difference.ts';
import { Id, newId } from '../../shared/ids.ts';
import type { Page, PageQuery } from '../../shared/page.ts';
import { demandVersion } from '../../shared/precondition.ts';
import { Problem } from '../../shared/problem.ts';
import type { MerchantContext, PublicScope, RequestContext, UserContext } from '../../shared/scope.ts';
import type { Now } from '../../shared/time.ts';
import type { MembershipReads } from './membership.reads.ts';
import type { MembershipStore } from './membership.store.ts';
import { merchantEvent } from './merchant.events.ts';
import { presentStore, type StoreRow } from './merchant.presenter.ts';
import { currencyFixed, merchantNotFound } from './merchant.problems.ts';
import { NO_BRANDING } from './merchant.model.ts';
import type { MerchantReads, StoreState } from './merchant.reads.ts';
import type { OpenStore, OwnStore, StoreProfile, StoreView } from './merchant.schema.ts';
import type { MerchantChange, MerchantStore } from './merchant.store.ts';

export interface MerchantDeps {
  readonly transact: Transact;
  readonly appendEvent: AppendEvent;
  readonly store: Pick<MerchantStore, 'change' | 'insert'>;
  readonly reads: Pick<MerchantReads, 'findCards' | 'findProfile' | 'findState' | 'findView'>;
  readonly membershipStore: Pick<MembershipStore, 'insert'>;
  readonly memberships: Pick<MembershipReads, 'findStoresOfUser'>;
  readonly now: Now;
}

/** What the audit log tells of a store. */
const AUDITED = ['name', 'description', 'currency', 'timeZone', 'branding', 'locale'] as const;

/** What can be done with stores. Who works for them is up to `MemberService`. */
export class MerchantService {
  readonly #deps: MerchantDeps;

  constructor(deps: MerchantDeps) {
    this.#deps = deps;
  }

  /** Opens a store; whoever does becomes its owner. */
  async open(context: UserContext, sent: OpenStore): Promise<StoreView> {
    const { transact, appendEvent, store, membershipStore, now } = this.#deps;
    const { userId } = context.scope;
    const [merchantId, at] = [newId(), now()];
    const merchant = {
      ...sent,
      _id: merchantId,
      branding: NO_BRANDING,
      currencyIsFixed: false,
      ownerCount: 1,
      version: 1,
      createdAt: at,
    };
    // Nobody has the scope of a store that is not there yet.
    const system = { ...context, scope: asSystem('opening of a store').scope };
    return transact(system, async (access) => {
      await store.insert(merchant, access);
      await membershipStore.insert({ _id: newId(), merchantId, userId, role: 'owner', joinedAt: at }, access);
      const change = { target: { kind: 'merchant', id: merchantId }, after: sent, merchantId };
      await appendEvent(system, merchantEvent('merchant.opened', merchantId, merchant.slug), access, change);
      return presentStore(merchant);
    });
  }

  /** The stores that the caller belongs to. */
  async listOwn({ scope }: UserContext, page: PageQuery): Promise<Page<OwnStore>> {
    const found = await this.#deps.memberships.findStoresOfUser(page, { scope });
    const cards = await this.#deps.reads.findCards(found.data.map(({ merchantId }) => merchantId));
    const data = found.data.flatMap(({ merchantId, role, joinedAt }) => {
      const id = Id.encode(merchantId);
      const card = cards.get(id);
      if (card === undefined) return [];
      return [{ id, slug: card.slug, name: card.name, role, joinedAt: joinedAt.toISOString() }];
    });
    return { ...found, data };
  }

  async profile({ scope }: RequestContext<PublicScope>, slug: string): Promise<StoreProfile> {
    const profile = await this.#deps.reads.findProfile(slug, { scope });
    if (profile === undefined) throw new Problem(merchantNotFound, `There is no store ${slug}`);
    return profile;
  }

  async get({ scope }: MerchantContext): Promise<StoreView> {
    return (await this.#deps.reads.findView(scope.merchantId, { scope })) ?? gone();
  }

  /** @throws Problem `precondition-failed` when the request names another version; `currency-fixed` */
  async edit(context: MerchantContext, change: MerchantChange): Promise<StoreView> {
    const { transact, appendEvent, store, reads } = this.#deps;
    const { merchantId } = context.scope;
    return transact(context, async (access) => {
      const found = (await reads.findState(merchantId, access)) ?? gone();
      const { version, slug } = found;
      demandVersion(context, version);
      demandCurrency(found, change);
      // What was read here is what is changed here: who comes between makes the transaction begin anew.
      const changed = (await store.change(merchantId, version, change, access)) ?? gone();
      const difference = differenceOf<StoreRow>(found, changed, AUDITED);
      const what = { target: { kind: 'merchant', id: merchantId }, ...difference };
      await appendEvent(context, merchantEvent('merchant.changed', merchantId, slug), access, what);
      return presentStore(changed);
    });
  }
}

function demandCurrency({ currency, currencyIsFixed }: StoreState, change: MerchantChange): void {
  if (!currencyIsFixed || change.currency === undefined || change.currency === currency) return;
  const errors = [{ path: 'body.currency', message: `must stay ${currency}` }];
  throw new Problem(currencyFixed, `The store has products priced in ${currency}`, { errors });
}

function gone(): never {
  throw new Problem(merchantNotFound, 'There is no such store any more');
}
