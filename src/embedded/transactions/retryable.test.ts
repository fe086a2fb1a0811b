import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store } from '../storage/store.ts';
import { HeldEntries, Writer } from '../storage/writer.ts';
import { RetryableWrites } from './retryable.ts';

const SESSIONS = 600;
const HOUR_MS = 3_600_000;

describe('retryable writes', () => {
  test('that are old are forgotten a page at a time, all of them in the end', async () => {
    const path = mkdtempSync(join(tmpdir(), 'retryable-'));
    const store = new Store({ path: join(path, 'data.mdb'), durable: false });
    const writer = new Writer(store, new HeldEntries());
    const retryable = new RetryableWrites(writer);
    const ids = Array.from({ length: SESSIONS }, (_, index) => index.toString(16).padStart(32, '0'));
    for (const id of ids) retryable.save(id, 1n, { done: 1, result: { n: 1 } });
    const known = (): number => ids.filter((id) => retryable.find(id, 1n) !== undefined).length;
    retryable.expire();
    expect(known()).toBe(SESSIONS);
    for (let round = 0; round < 6; round++) retryable.expire(Date.now() + HOUR_MS);
    expect(known()).toBe(0);
    await writer.committed();
    await store.close();
    rmSync(path, { recursive: true });
  });
});
