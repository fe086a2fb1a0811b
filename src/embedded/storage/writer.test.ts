import { describe, expect, test } from '@jest/globals';
import type { Store } from './store.ts';
import type { Entry, View } from './view.ts';
import { HeldEntries, Writer } from './writer.ts';

const KEY = Buffer.from('key');
const TREE = 20;

/** A store whose commits settle when the test says so; nothing arrives in it. */
class StuckStore implements View {
  commits: PromiseWithResolvers<boolean>[] = [];

  get(): undefined {
    return undefined;
  }

  scan(): Entry[] {
    return [];
  }

  count(): number {
    return 0;
  }

  put(): Promise<boolean> {
    const commit = Promise.withResolvers<boolean>();
    this.commits.push(commit);
    return commit.promise;
  }
}

function writerOver(store: StuckStore): Writer {
  return new Writer(store as unknown as Store, new HeldEntries());
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a writer', () => {
  test('that was refused by the disk acknowledges nothing, takes no more, and says why', async () => {
    const store = new StuckStore();
    const writer = writerOver(store);
    writer.put(TREE, KEY, KEY);
    const committed = writer.committed();
    const commitError = Promise.reject(new Error('No space left on device'));
    store.commits[0]?.reject(Object.assign(new Error('Commit failed'), { commitError }));
    await expect(committed).rejects.toThrow(/No space left on device.*start the server anew/);
    expect(() => {
      writer.put(TREE, KEY, KEY);
    }).toThrow(/No space left on device/);
    await expect(writer.committed()).rejects.toThrow(/cannot be written/);
  });

  test('sees what it has written until that is durable, also when an earlier turn settles in between', async () => {
    const store = new StuckStore();
    const writer = writerOver(store);
    writer.put(TREE, KEY, Buffer.from('1'));
    await turn();
    writer.put(TREE, KEY, Buffer.from('2'));
    await turn();
    store.commits[0]?.resolve(true);
    await turn();
    expect(writer.get(TREE, KEY)?.toString()).toBe('2');
    writer.put(TREE, KEY, Buffer.from('3'));
    store.commits[1]?.resolve(true);
    await turn();
    expect(writer.get(TREE, KEY)?.toString()).toBe('3');
    store.commits[2]?.resolve(true);
    await turn();
    expect(writer.get(TREE, KEY)).toBeUndefined();
  });
});
