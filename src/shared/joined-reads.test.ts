import { expect, test } from '@jest/globals';
import { JoinedReads } from './joined-reads.ts';

/** Reads that end when they are told to. */
function slowReads() {
  const begun: ((value: string) => void)[] = [];
  const read = () => new Promise<string>((resolve) => begun.push(resolve));
  return { begun, read };
}

test('who asks while a read is under way gets the next one, together with all who came since', async () => {
  const { begun, read } = slowReads();
  const reads = new JoinedReads<string>();
  const first = reads.ask('a', read);
  const later = [reads.ask('a', read), reads.ask('a', read), reads.ask('a', read)];
  expect(begun).toHaveLength(1);
  begun[0]?.('old');
  await expect(first).resolves.toBe('old');
  expect(begun).toHaveLength(2);
  const latest = reads.ask('a', read);
  begun[1]?.('new');
  await expect(Promise.all(later)).resolves.toEqual(['new', 'new', 'new']);
  begun[2]?.('newest');
  await expect(latest).resolves.toBe('newest');
});

test('who asks something else, or when nothing is under way, reads at once', async () => {
  const reads = new JoinedReads<string>();
  const { begun, read } = slowReads();
  const asked = [reads.ask('a', read), reads.ask('b', read)];
  expect(begun).toHaveLength(2);
  for (const end of begun) end('done');
  await Promise.all(asked);
  const again = reads.ask('a', read);
  expect(begun).toHaveLength(3);
  begun[2]?.('again');
  await expect(again).resolves.toBe('again');
});

test('a read that fails fails for those who share it, and not for those who come after', async () => {
  const reads = new JoinedReads<string>();
  const first = reads.ask('a', () => Promise.reject(new Error('away')));
  const next = reads.ask('a', () => Promise.resolve('back'));
  await expect(first).rejects.toThrow('away');
  await expect(next).resolves.toBe('back');
});
