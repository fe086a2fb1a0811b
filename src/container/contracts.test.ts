import { afterAll, expect, test } from '@jest/globals';
import type { WorkerModule } from '../../workers/worker.ts';
import { loadConfig } from '../config/index.ts';
import { createContainer } from '../container.ts';
import { contracts } from './contracts.ts';
import { queues } from './queues.ts';

const container = createContainer(loadConfig({ NODE_ENV: 'test', MIN_POOL_SIZE: '0', LOG_LEVEL: 'silent' }), 'test');
afterAll(() => container.close());

test('each queue has a worker of its name, and each of their jobs a contract that dead letters are held against', async () => {
  const names: string[] = [];
  for (const kind of Object.keys(queues)) {
    const module = (await import(`../../workers/${kind}.worker.ts`)) as WorkerModule;
    const { queue, handlers } = module.workerKind(container);
    expect(queue).toBe(kind);
    for (const { contract } of handlers) {
      expect([contract.name, contract.queue]).toEqual([contract.name, kind]);
      names.push(contract.name);
    }
  }
  const known = contracts.map(({ name }) => name);
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
  expect(new Set(known).size).toBe(known.length);
});
