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
  /** Mails that may come again: the sender cannot know that they were taken. */
  readonly doubtful: Set<string>;
  /** Those taken in the last second as well: their sender is about to be killed. */
  doubtRecent(): void;
  close(): Promise<void>;
}

const RECENT_MS = 1_000;

export async function startMailServer(answer: (subject: string, attempt: number) => Answer): Promise<MailServer> {
  const [taken, tried] = [new Map<string, number>(), new Map<string, number>()];
  const doubtful = new Set<string>();
  const takenAt = new Map<string, number>();

  async function receive(source: string, sessionId: string): Promise<void> {
    const header = (name: string): string => new RegExp(`^${name}: (.*?)\r$`, 'm').exec(source)?.[1] ?? '';
    const [id, subject] = [header('Message-ID'), header('Subject')];
    const attempt = (tried.get(subject) ?? 0) + 1;
    tried.set(subject, attempt);
    const decided = answer(subject, attempt);
    if (typeof decided === 'number' && decided !== 250)
      throw Object.assign(new Error('Refused by the test'), { responseCode: decided });
    taken.set(id, (taken.get(id) ?? 0) + 1);
    takenAt.set(id, performance.now());
    if (decided === 'stall') await sleep(RECENT_MS / 2);
    if (decided !== 'drop') return;
    doubtful.add(id);
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
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    url: `smtp://127.0.0.1:${String((listening.address() as AddressInfo).port)}`,
    taken,
    tried,
    doubtful,
    doubtRecent() {
      const now = performance.now();
      for (const [id, at] of takenAt) if (now - at < RECENT_MS) doubtful.add(id);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  };
}
