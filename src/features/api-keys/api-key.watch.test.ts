import { expect, test } from '@jest/globals';
import { newApiKey } from '../../platform/security/api-keys.ts';
import { digestOf } from '../../platform/security/secrets.ts';
import { newId } from '../../shared/ids.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import type { KeyToVerify } from './api-key.reads.ts';
import { ApiKeyWatch } from './api-key.watch.ts';

/** A watch over one key, with a clock to set, that counts what it asks and notes. */
function watching(extra: Partial<KeyToVerify> = {}) {
  const secret = newApiKey();
  const key = {
    _id: newId(),
    merchantId: newId(),
    scopes: ['orders:read'],
    expiresAt: null,
    lastUsedAt: null,
    ...extra,
  };
  const clock = { now: new Date('2026-01-01T00:00:00Z') };
  const seen = { asked: 0, noted: 0, warned: 0, failing: false };
  const watch = new ApiKeyWatch({
    reads: {
      findByDigest(digest) {
        seen.asked += 1;
        if (seen.failing) return Promise.reject(new Error('away'));
        return Promise.resolve(digest === digestOf(secret) ? key : undefined);
      },
    },
    store: {
      noteUse() {
        seen.noted += 1;
        return seen.noted > 1 ? Promise.reject(new Error('away')) : Promise.resolve();
      },
    },
    logger: {
      warn: () => {
        seen.warned += 1;
      },
    },
    now: () => clock.now,
  });
  return { watch, secret, key, clock, seen };
}

test('a good key is looked up once, however often it is used at the same moment', async () => {
  const { watch, secret, key, seen } = watching();
  const verified = await Promise.all(Array.from({ length: 50 }, () => watch.verify(secret)));
  const expected = { id: key._id, merchantId: key.merchantId, rights: ['orders:read'] };
  expect(verified).toEqual(Array(50).fill(expected));
  expect(seen).toMatchObject({ asked: 1, noted: 1 });
  watch.forget(digestOf(secret));
  await watch.verify(secret);
  expect(seen.asked).toBe(2);
});

test('a mistyped key costs no look-up, an unknown one no more than one', async () => {
  const { watch, secret, seen } = watching();
  expect(await watch.verify(secret.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x')))).toBeUndefined();
  expect(seen.asked).toBe(0);
  const unknown = newApiKey();
  expect([await watch.verify(unknown), await watch.verify(unknown)]).toEqual([undefined, undefined]);
  expect(seen).toMatchObject({ asked: 1, noted: 0 });
});

test('a remembered key ends at the moment it expires', async () => {
  const { watch, secret, clock } = watching({ expiresAt: new Date('2026-01-01T00:00:01Z') });
  expect(await watch.verify(secret)).toBeDefined();
  clock.now = new Date('2026-01-01T00:00:01Z');
  expect(await watch.verify(secret)).toBeUndefined();
});

test('a use is noted once in ten minutes, and where it cannot be the call goes on', async () => {
  const lastUsedAt = new Date('2026-01-01T00:00:00Z');
  const { watch, secret, clock, seen } = watching({ lastUsedAt });
  const useAt = async (minutes: number) => {
    clock.now = new Date(lastUsedAt.getTime() + minutes * MINUTE_MS);
    watch.forget(digestOf(secret));
    return watch.verify(secret);
  };
  await useAt(9);
  expect(seen).toMatchObject({ noted: 0 });
  await useAt(10);
  expect(seen).toMatchObject({ noted: 1, warned: 0 });
  expect(await useAt(20)).toBeDefined();
  expect(seen).toMatchObject({ noted: 2, warned: 1 });
});

test('a database that was away is asked again', async () => {
  const { watch, secret, seen } = watching();
  seen.failing = true;
  await expect(watch.verify(secret)).rejects.toThrow('away');
  seen.failing = false;
  expect(await watch.verify(secret)).toBeDefined();
});
