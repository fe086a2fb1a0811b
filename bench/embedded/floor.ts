import { okReply } from '../../src/embedded/server/reply.ts';
import { helloReply } from '../../src/embedded/server/hello.ts';
import { listen, type Listener } from '../../src/embedded/server/listener.ts';

/** A server that only greets and answers pings: what the driver and the socket cost by themselves. */
const host = '127.0.0.1';
const listener: Listener = await listen({
  host,
  port: 0,
  handler: (request) =>
    request.name === 'ping' ? okReply() : okReply(helloReply({ host, port: listener.port, request })),
  onError: (error) => {
    throw error;
  },
  log: () => undefined,
});
process.stdout.write(`Ready uri=mongodb://${host}:${String(listener.port)}/?replicaSet=embedded\n`);
