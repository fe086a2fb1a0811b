import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import { CommandError } from '../errors.ts';
import type { Handler } from './connection.ts';
import { listenForTest, type TestListener } from './raw-client.fixture.ts';
import { okReply } from './reply.ts';

const opened: TestListener[] = [];

/** Listens with these commands and no others, until the test is over. */
export async function serve(handlers: Readonly<Record<string, Handler>>): Promise<TestListener> {
  const server = await listenForTest((request) => {
    const handler = handlers[request.name];
    if (handler === undefined) throw new CommandError('CommandNotFound', `no such command: '${request.name}'`);
    return handler(request);
  });
  opened.push(server);
  return server;
}

afterEach(async () => {
  for (const { listener } of opened.splice(0)) await listener.close(0);
});

export const ping: Handler = () => okReply();

export function command(name: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { [name]: 1, ...more, $db: 'shop' };
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}
