import { parseArgs } from 'node:util';
import { startEmbeddedServer, type EmbeddedServer } from './index.ts';

const USAGE = `Usage: npm run db -- [options]

  --data DIR        where the data lies (default .data/mongo)
  --memory          keep nothing
  --port N          port on 127.0.0.1 (default 27018)
  --host ADDRESS    another loopback address
  --unsafe-bind     allow an address that others can reach: the server asks nobody for a password
  --ttl-seconds N   how often expired documents are removed (default 60)
  --transaction-seconds N   after how long a transaction is aborted (default 10)
`;

const REPORT_INTERVAL_MS = 60_000;

/** One line of text per event: the server runs beside others and is read by eye. */
function log(level: 'error' | 'info' | 'warn', message: string, details: Record<string, unknown> = {}): void {
  const members = Object.entries(details).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const line = [new Date().toISOString(), level, message, ...members].join(' ');
  (level === 'info' ? process.stdout : process.stderr).write(`${line}\n`);
}

function report(server: EmbeddedServer): () => void {
  let before = new Map(server.commandCounts());
  return () => {
    const now = server.commandCounts();
    const done = [...now].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
    const busiest = done.filter(([, count]) => count > 0).toSorted((a, b) => b[1] - a[1]);
    before = new Map(now);
    log('info', 'Last minute', {
      connections: server.openConnections(),
      commands: busiest.reduce((sum, [, count]) => sum + count, 0),
      busiest: Object.fromEntries(busiest.slice(0, 5)),
      rssMb: Math.round(process.memoryUsage.rss() / 1_048_576),
    });
  };
}

function optionsOf(args: string[]): Parameters<typeof startEmbeddedServer>[0] {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: '.data/mongo' },
      memory: { type: 'boolean', default: false },
      port: { type: 'string', default: '27018' },
      host: { type: 'string', default: '127.0.0.1' },
      'unsafe-bind': { type: 'boolean', default: false },
      'ttl-seconds': { type: 'string', default: '60' },
      // What a client changed that was killed amid a transaction is closed to all others for as long: MongoDB's 60 s are too many.
      'transaction-seconds': { type: 'string', default: '10' },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`--port ${values.port} is no port`);
  return {
    ...(values.memory ? {} : { dataDir: values.data }),
    port,
    host: values.host,
    unsafeBind: values['unsafe-bind'],
    ttlIntervalMs: Number(values['ttl-seconds']) * 1_000,
    transactionLifetimeMs: Number(values['transaction-seconds']) * 1_000,
    log,
  };
}

async function main(args: string[]): Promise<void> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return;
  }
  const options = optionsOf(args);
  if (options?.unsafeBind === true) log('warn', 'Everybody who reaches this address can read and change all data');
  const server = await startEmbeddedServer(options);
  log('info', 'Ready', { uri: server.uri, data: options?.dataDir ?? 'memory only' });
  const timer = setInterval(report(server), REPORT_INTERVAL_MS);
  const stop = (): void => {
    clearInterval(timer);
    log('info', 'Closing');
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log('error', 'The server did not close cleanly', { reason: String(error) });
        process.exit(1);
      },
    );
  };
  // After a failed commit LMDB rejects promises that nobody else holds; the commands concerned are told their own way.
  process.on('unhandledRejection', (error) => {
    log('error', 'A task failed', { reason: String(error) });
  });
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${reason}\n`);
  process.exit(1);
});
