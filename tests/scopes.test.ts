import { expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { collections } from '../src/container/collections.ts';
import { newId } from '../src/shared/ids.ts';
import type { Scope } from '../src/shared/scope.ts';

const root = new URL('..', import.meta.url).pathname;
const ID = newId();

const SCOPES: { readonly [K in Scope['kind']]: Extract<Scope, { kind: K }> } = {
  merchant: { kind: 'merchant', merchantId: ID },
  public: { kind: 'public' },
  system: { kind: 'system', reason: 'review' },
  user: { kind: 'user', userId: ID },
};

const ALL = {};
const OF_ITSELF = { _id: ID };
const OF_MERCHANT = { merchantId: ID };

/**
 * Who may touch which model, and of it what: reviewed by people. A change here is a change of who sees whose data.
 * `ALL` beside anything but `system` means that everybody in that scope sees every row.
 */
const REVIEWED: Readonly<Record<string, Readonly<Partial<Record<Scope['kind'], object>>>>> = {
  AccountLetter: { system: ALL },
  AnalyticsEvent: { system: ALL },
  AnalyticsRollup: { merchant: OF_MERCHANT, system: ALL },
  AnalyticsState: { system: ALL },
  AnalyticsTrend: { merchant: OF_MERCHANT, public: ALL, system: ALL },
  ApiKey: { merchant: OF_MERCHANT, system: ALL },
  AuditChain: { merchant: OF_MERCHANT, system: ALL },
  AuditEntry: { merchant: OF_MERCHANT, system: ALL },
  DeadLetter: { system: ALL },
  Effect: { system: ALL },
  Invitation: { merchant: OF_MERCHANT, system: ALL },
  KeptAnswer: { system: ALL },
  Mail: { system: ALL },
  MaintenanceRun: { system: ALL },
  Membership: { merchant: OF_MERCHANT, user: { userId: ID }, system: ALL },
  Merchant: { merchant: OF_ITSELF, public: ALL, system: ALL },
  MerchantOrder: { merchant: OF_MERCHANT, user: { customerId: ID }, system: ALL },
  MerchantProduct: { merchant: OF_MERCHANT, public: { status: 'active' }, system: ALL },
  OutboxEvent: { merchant: { scope: SCOPES.merchant }, user: { scope: SCOPES.user }, system: ALL },
  PhoneProof: { system: ALL },
  ScheduleState: { system: ALL },
  Report: { merchant: OF_MERCHANT, system: ALL },
  ReportSchedule: { merchant: OF_MERCHANT, system: ALL },
  Session: { user: { userId: ID }, system: ALL },
  SignInAttempts: { system: ALL },
  StockLevel: { merchant: OF_MERCHANT, system: ALL },
  StockLocation: { merchant: OF_MERCHANT, system: ALL },
  TextMessage: { merchant: OF_MERCHANT, system: ALL },
  TextMessageCount: { system: ALL },
  WalkPlace: { system: ALL },
  User: { user: OF_ITSELF, system: ALL },
};

test.each(collections.map((collection) => [collection.name, collection] as const))(
  'the model %s may be touched as was reviewed, and not otherwise',
  (name, { scopes }) => {
    const found = Object.entries(scopes).map(([kind, filter]) => {
      const scope = SCOPES[kind as Scope['kind']];
      return [kind, (filter as (scope: Scope) => object)(scope)];
    });
    expect(Object.fromEntries(found)).toEqual(REVIEWED[name]);
  },
);

test('every model that the sources declare is among the collections, and every name is used once', () => {
  const files = globSync('src/**/*.ts', { cwd: root, exclude: ['src/embedded/**', '**/*.test.ts'] });
  const declared = files.flatMap((file) => {
    const source = readFileSync(root + file, 'utf8');
    return Array.from(source.matchAll(/storedCollection<\w+>\(\{\s*name: '(\w+)'/g), ([, name = '']) => name);
  });
  expect(collections.map(({ name }) => name).sort()).toEqual(declared.toSorted());
  expect(new Set(collections.map(({ collection }) => collection)).size).toBe(collections.length);
});

test('no model is made but by its declaration, which names its scopes', () => {
  const files = globSync('src/{features,platform}/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] });
  const bare = files.filter((file) =>
    /onnection\.model[<(]|mongoose\.model[<(]/.test(readFileSync(root + file, 'utf8')),
  );
  expect(bare).toEqual(['src/platform/database/collection.ts']);
});

test('features reach the driver by their models only', () => {
  const files = globSync('src/features/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] });
  const around = files.filter((file) =>
    /\.(collection|db|getClient)\(|\.collection\.|from 'mongodb'/.test(readFileSync(root + file, 'utf8')),
  );
  expect(around).toEqual([]);
});

test('every index says which read it serves, and has a name of its own in its collection', () => {
  for (const { collection, indexes } of collections) {
    expect({ collection, idle: indexes.filter(({ serves }) => serves.trim() === '') }).toEqual({
      collection,
      idle: [],
    });
    expect(new Set(indexes.map(({ name }) => name)).size).toBe(indexes.length);
  }
});
