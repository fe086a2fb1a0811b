import { Schema } from 'mongoose';
import { storedCollection } from '../../platform/database/collection.ts';
import type { AuditRecord } from '../../platform/queue/outlets.ts';
import type { Id } from '../../shared/ids.ts';
import type { Actor } from '../../shared/scope.ts';

export const RESULTS = ['done', 'failed', 'refused'] as const satisfies readonly AuditRecord['result'][];

/** Whose log an entry belongs to: a store's, or, where it is null, the platform's. Each is a chain of its own. */
export type ChainOwner = Id | null;

/** Plain JSON. */
export type Values = Record<string, unknown>;

/** What was done, as it was written down. Nothing of this ever changes. */
export interface AuditContent {
  _id: Id;
  merchantId: ChainOwner;
  /** The event or operation: `product.changed`, `listAllOrders`. */
  action: string;
  actor: { kind: Actor['kind']; id: Id | null };
  /** Why the platform itself acted, where it did. */
  reason: string | null;
  target: { kind: string; id: string } | null;
  /** What the change found and what it left, with personal data masked. */
  before: Values | null;
  after: Values | null;
  address: string | null;
  requestId: string | null;
  result: AuditRecord['result'];
  occurredAt: Date;
}

/** Where in its chain an entry is: set once, some moments after it was written. */
export interface AuditLink {
  /** From 1 on, without gaps. */
  seq: number;
  previousHash: string;
  hash: string;
}

/** An entry as it lies in MongoDB. The link is null until a worker has chained it. */
export type AuditEntry = AuditContent & { [K in keyof AuditLink]: AuditLink[K] | null };

/** A point of a chain, sealed with a key that the database does not hold. */
export interface Anchor {
  seq: number;
  hash: string;
  at: Date;
  seal: string;
}

/** How far a chain reaches. */
export interface AuditChain {
  /** `platform`, or `merchant:` and the store's id. */
  _id: string;
  merchantId: ChainOwner;
  /** The last entry. */
  head: Anchor;
  /** The last entry that retention has removed: what is left begins behind it. Null while all is there. */
  cut: Anchor | null;
}

const owner = { type: Schema.Types.ObjectId, default: null, immutable: true };
const text = { type: String, required: true, immutable: true };
const optionalText = { type: String, default: null, immutable: true };
const values = { type: Schema.Types.Mixed, default: null, immutable: true };
const scopes = {
  merchant: ({ merchantId }: { readonly merchantId: Id }) => ({ merchantId }),
  system: () => ({}),
};

export const auditEntries = storedCollection<AuditEntry>({
  name: 'AuditEntry',
  collection: 'audit_entries',
  fields: {
    merchantId: owner,
    action: text,
    actor: { kind: text, id: owner },
    reason: optionalText,
    target: { type: new Schema({ kind: text, id: text }, { _id: false }), default: null, immutable: true },
    before: values,
    after: values,
    address: optionalText,
    requestId: optionalText,
    result: { ...text, enum: RESULTS },
    occurredAt: { type: Date, required: true, immutable: true },
    seq: { type: Number, default: null },
    previousHash: { type: String, default: null },
    hash: { type: String, default: null },
  },
  scopes,
  indexes: [
    {
      name: 'chain',
      serves:
        'AuditChainer: what is not chained yet; AuditVerifier and AuditRetention: a chain from its begin; ExportReads: entries by their place',
      key: { merchantId: 1, seq: 1, _id: 1 },
    },
    {
      name: 'newest',
      serves: 'AuditReads.findPage; ExportReads: the ends of a run',
      key: { merchantId: 1, occurredAt: -1, _id: -1 },
    },
    {
      name: 'by_actor',
      serves: 'AuditReads.findPage and ExportReads.findAnswers of an actor',
      key: { merchantId: 1, 'actor.id': 1, occurredAt: -1, _id: -1 },
    },
    {
      name: 'by_action',
      serves: 'AuditReads.findPage and ExportReads.findAnswers of an action',
      key: { merchantId: 1, action: 1, occurredAt: -1, _id: -1 },
    },
    {
      name: 'by_target',
      serves: 'AuditReads.findPage and ExportReads.findAnswers of a target',
      key: { merchantId: 1, 'target.id': 1, occurredAt: -1, _id: -1 },
    },
  ],
});

const anchor = new Schema<Anchor>(
  {
    seq: { type: Number, required: true },
    hash: { type: String, required: true },
    at: { type: Date, required: true },
    seal: { type: String, required: true },
  },
  { _id: false, strict: 'throw' },
);

export const auditChains = storedCollection<AuditChain>({
  name: 'AuditChain',
  collection: 'audit_chains',
  fields: {
    _id: { type: String, required: true },
    merchantId: owner,
    head: { type: anchor, required: true },
    cut: { type: anchor, default: null },
  },
  scopes,
  indexes: [],
});

const MERCHANT = 'merchant:';

export const chainName = (owner: ChainOwner): string => (owner === null ? 'platform' : MERCHANT + owner.toHexString());
