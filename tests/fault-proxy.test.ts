import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { FaultProxy } from './fault-proxy.ts';

let echo: Server;
let proxy: FaultProxy;

beforeAll(async () => {
  echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await FaultProxy.start((echo.address() as AddressInfo).port);
});
afterAll(async () => {
  await proxy.close();
  echo.close();
});

async function open() {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.setEncoding('utf8');
  await once(socket, 'connect');
  return {
    socket,
    send: (text: string) => socket.write(text),
    heard: async () => String((await once(socket, 'data'))[0]),
  };
}

test('what is sent goes through, later by the latency in both directions', async () => {
  const { socket, send, heard } = await open();
  send('at once');
  expect(await heard()).toBe('at once');
  proxy.latencyMs = 50;
  const begun = performance.now();
  send('late');
  expect(await heard()).toBe('late');
  // Timers may fire a millisecond early; that they fire late is no matter.
  expect(performance.now() - begun).toBeGreaterThan(95);
  proxy.latencyMs = 0;
  socket.destroy();
});

test('a black hole takes connections and answers nothing; restored, what was held back arrives', async () => {
  const old = await open();
  proxy.blackhole();
  const young = await open();
  const answers = [old.heard(), young.heard()];
  old.send('old');
  young.send('young');
  // A round trip beside it, which would have been long enough.
  const beside = connect((echo.address() as AddressInfo).port, '127.0.0.1');
  beside.write('x');
  await once(beside, 'data');
  beside.destroy();
  expect(await Promise.race([...answers, Promise.resolve('nothing')])).toBe('nothing');
  await proxy.restore();
  expect(await Promise.all(answers)).toEqual(['old', 'young']);
  old.socket.destroy();
  young.socket.destroy();
});

test('reset drops connections and refuses new ones; restored, the same port serves again', async () => {
  const { socket } = await open();
  const dropped = once(socket, 'error');
  await proxy.reset();
  expect((await dropped)[0]).toMatchObject({ code: 'ECONNRESET' });
  await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await proxy.restore();
  const again = await open();
  again.send('again');
  expect(await again.heard()).toBe('again');
  again.socket.destroy();
});
