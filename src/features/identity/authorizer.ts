import { asSystem } from '../../platform/database/scoped.ts';
import type { Permission } from '../../platform/http/endpoint.ts';
import { MERCHANT_HEADER, merchantRequired } from '../../platform/http/merchant-header.ts';
import { CallerRefused, forbidden, unauthenticated } from '../../platform/http/problems.ts';
import { looksLikeApiKey } from '../../platform/security/api-keys.ts';
import type { AccessTokens } from '../../platform/security/tokens.ts';
import { Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import type { Identity } from '../../shared/scope.ts';
import { includesPlatformRole, includesRole, type MerchantRole } from './roles.ts';
import type { UserReads } from './user.reads.ts';

/** What somebody is in one store. */
export interface Membership {
  readonly merchantId: Id;
  readonly role: MerchantRole;
}

/** Who belongs to which store: known by the feature that keeps the stores. */
export interface MembershipLookup {
  /** The user's memberships: of the one store, or, where none is named, any two. Never from a cache. */
  findOf(userId: Id, merchantId: Id | undefined): Promise<readonly Membership[]>;
}

/** A key that is good, and what it opens. */
export interface VerifiedKey {
  readonly id: Id;
  readonly merchantId: Id;
  readonly rights: readonly string[];
}

/** Which keys are good: known by the feature that makes them. */
export interface KeyLookup {
  /** @returns undefined for a key that is not ours, is over, or was revoked: a caller need not know which. */
  verify(secret: string): Promise<VerifiedKey | undefined>;
}

export interface AuthorizerDeps {
  readonly tokens: Pick<AccessTokens, 'verify'>;
  readonly users: Pick<UserReads, 'findRole'>;
  readonly memberships: MembershipLookup;
  readonly keys: KeyLookup;
}

type SignedInPermission = Exclude<Permission, { scope: 'public' }>;
type PermissionOf<S extends Permission['scope']> = Extract<Permission, { scope: S }>;

/** On whose data somebody may act, and as what. */
type Standing = Required<Pick<Identity, 'role' | 'scope'>>;

const ANYBODY: Identity = { actor: { kind: 'anonymous' }, scope: { kind: 'public' } };

/** Decides who may call what: the `authorize` of the edge. */
export class Authorizer {
  readonly #deps: AuthorizerDeps;

  constructor(deps: AuthorizerDeps) {
    this.#deps = deps;
  }

  /**
   * @param merchant the store that the caller names, by its id
   * @throws Problem 401 without a good token, 403 for a role too low, 400 when it is open which store is meant
   */
  async authorize(authorization: string | undefined, permission: Permission, merchant?: string): Promise<Identity> {
    // A token is of no matter here: what is for everybody is the same for everybody.
    if (permission.scope === 'public') return ANYBODY;
    const [, token = ''] = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization ?? '') ?? [];
    return looksLikeApiKey(token)
      ? this.#asKey(token, permission, merchant)
      : this.#asUser(token, permission, merchant);
  }

  async #asUser(token: string, permission: SignedInPermission, merchant: string | undefined): Promise<Identity> {
    const userId = await this.#userOf(token);
    const actor = { kind: 'user', id: userId } as const;
    switch (permission.scope) {
      case 'user':
        return { actor, scope: { kind: 'user', userId } };
      case 'merchant':
        return { actor, ...(await this.#standingInStore(userId, permission, merchant)) };
      case 'system':
        return { actor, ...(await this.#standingOnPlatform(userId, permission)) };
    }
  }

  /** A key is its store's and has no role: it may do what its rights name, in that store, and nothing else. */
  async #asKey(secret: string, permission: SignedInPermission, merchant: string | undefined): Promise<Identity> {
    const key = await this.#deps.keys.verify(secret);
    if (key === undefined) throw notSignedIn();
    const { id, merchantId, rights } = key;
    if (permission.scope !== 'merchant') {
      throw new CallerRefused('An API key opens what is of its store only', { kind: 'apiKey', id });
    }
    if (merchant !== undefined && merchant !== Id.encode(merchantId)) throw notAMember();
    if (permission.apiKey === null) throw new Problem(forbidden, 'This is for people, not for API keys');
    if (!rights.includes(permission.apiKey)) {
      throw new Problem(forbidden, `This takes an API key with the right ${permission.apiKey}`);
    }
    return { actor: { kind: 'apiKey', id }, scope: { kind: 'merchant', merchantId } };
  }

  async #userOf(token: string): Promise<Id> {
    const verified = token === '' ? undefined : await this.#deps.tokens.verify(token);
    if (verified === undefined) throw notSignedIn();
    return Id.decode(verified.userId);
  }

  async #standingInStore(
    userId: Id,
    permission: PermissionOf<'merchant'>,
    merchant: string | undefined,
  ): Promise<Standing> {
    const named = merchant === undefined ? undefined : Id.safeDecode(merchant);
    // What is no id names no store.
    if (named?.success === false) throw notAMember();
    const [membership, another] = await this.#deps.memberships.findOf(userId, named?.data);
    if (membership === undefined) return this.#standingOfSupport(userId, permission, named?.data);
    if (another !== undefined) throw new Problem(merchantRequired, `Name one of your stores in ${MERCHANT_HEADER}`);
    const { merchantId, role } = membership;
    if (includesRole(role, permission.role)) return { scope: { kind: 'merchant', merchantId }, role };
    throw new Problem(forbidden, `This takes the role ${permission.role}, yours is ${role}`);
  }

  /** Support reads what a store sees, if it names the store; it changes nothing there. */
  async #standingOfSupport(userId: Id, { apiKey }: PermissionOf<'merchant'>, named: Id | undefined): Promise<Standing> {
    if (named === undefined) throw namesNoStore();
    if (apiKey?.endsWith(':read') !== true) throw notAMember();
    const role = await this.#deps.users.findRole(userId, asSystem('support looks into a store'));
    if (role === undefined || !includesPlatformRole(role, 'support')) throw notAMember();
    return { scope: { kind: 'merchant', merchantId: named }, role };
  }

  async #standingOnPlatform(userId: Id, permission: PermissionOf<'system'>): Promise<Standing> {
    const role = await this.#deps.users.findRole(userId, asSystem('role of a caller'));
    if (role !== undefined && includesPlatformRole(role, permission.role)) {
      return { scope: asSystem(`endpoint for ${permission.role}`).scope, role };
    }
    throw new CallerRefused(`This takes the platform role ${permission.role}`, { kind: 'user', id: userId });
  }
}

const notSignedIn = (): Problem =>
  new Problem(unauthenticated, 'Send an access token or an API key: Authorization: Bearer <token>');

const namesNoStore = (): Problem => new Problem(forbidden, `You belong to no store, and ${MERCHANT_HEADER} names none`);

/** Says the same of a store that is not there as of one that is somebody else's. */
const notAMember = (): Problem => new Problem(forbidden, 'You do not belong to this store');
