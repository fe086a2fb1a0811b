import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

export type Answer = 250 | 451 | 550 | 'drop' | 'stall';

/** A mail server that counts what it has taken by Message-ID, and answers as badly as it is told to. */
export interface MailServer {
  readonly url: string;
  /** How often each mail was taken. */
  readonly taken: Map<string, number>;
  /** How often each was tried, by subject. */
  readonly tried: Map<string, number>;
  /** Mails that may come again: their sender was gone within a second, and may not have noted that they were taken. */
  readonly doubtful: Set<string>;
  close(): Promise<void>;
}

const NOTED_MS = 1_000;
const STALL_MS = 500;

export async function startMailServer(
  answer: (subject: string, attempt: number) => Answer | Promise<Answer>,
): Promise<MailServer> {
  const [taken, tried] = [new Map<string, number>(), new Map<string, number>()];
  const doubtful = new Set<string>();
  const latest = new Map<string, { readonly id: string; readonly at: number }>();
  const gone = new Set<string>();

  async function receive(source: string, sessionId: string): Promise<void> {
    const header = (name: string): string => new RegExp(`^${name}: (.*?)\r$`, 'm').exec(source)?.[1] ?? '';
    const [id, subject] = [header('Message-ID'), header('Subject')];
    const attempt = (tried.get(subject) ?? 0) + 1;
    tried.set(subject, attempt);
    const decided = await answer(subject, attempt);
    if (typeof decided === 'number' && decided !== 250)
      throw Object.assign(new Error('Refused by the test'), { responseCode: decided });
    taken.set(id, (taken.get(id) ?? 0) + 1);
    latest.set(sessionId, { id, at: performance.now() });
    if (gone.has(sessionId)) doubtful.add(id);
    if (decided === 'stall') await sleep(STALL_MS);
    if (decided !== 'drop') return;
    // Nothing else of the library's tells the socket of a session.
    const { connections } = server as unknown as { connections: Set<{ id: string; _socket: Socket }> };
    for (const { id: connection, _socket } of connections) if (connection === sessionId) _socket.destroy();
  }

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData(stream, session, done) {
      text(stream)
        .then((source) => receive(source, session.id))
        .then(
          () => {
            done();
          },
          (error: unknown) => {
            done(error as Error);
          },
        );
    },
    onClose({ id: sessionId }) {
      const last = latest.get(sessionId);
      gone.add(sessionId);
      if (last !== undefined && performance.now() - last.at < NOTED_MS) doubtful.add(last.id);
    },
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    url: `smtp://127.0.0.1:${String((listening.address() as AddressInfo).port)}`,
    taken,
    tried,
    doubtful,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  };
}
