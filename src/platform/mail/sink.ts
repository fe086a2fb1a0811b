import { simpleParser } from 'mailparser';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { INDEX_FILE, type KeptMail } from './kept-mails.ts';

export interface MailSinkOptions {
  readonly directory: string;
  /** 0 for any free one. */
  readonly port: number;
  /** What to answer to a mail, asked before it is kept: 250, or 451 and 550 to refuse it; for tests. */
  readonly answer?: (mail: KeptMail) => number;
}

export interface MailSink {
  readonly url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const MAX_MAIL_BYTES = 10 * 1_024 * 1_024;

/** A mail server that delivers nothing and keeps every mail: `<id>.eml`, and a line of JSON in the index. */
export async function startMailSink({ directory, port, answer = () => 250 }: MailSinkOptions): Promise<MailSink> {
  await mkdir(directory, { recursive: true });
  const receive = async (source: Buffer): Promise<void> => {
    const mail = await describe(source);
    const code = answer(mail);
    if (code !== 250) throw Object.assign(new Error('Refused by the sink'), { responseCode: code });
    await keep(directory, mail, source);
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    size: MAX_MAIL_BYTES,
    // Takes whatever name and password the configuration holds.
    onAuth: ({ username = 'anybody' }, _session, done) => {
      done(null, { user: username });
    },
    onData(stream, _session, done) {
      buffer(stream)
        .then(receive)
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
  // A client that hangs up in the middle of a mail is no reason to end.
  server.on('error', () => undefined);
  const listening = server.listen(port, HOST);
  await once(listening, 'listening');
  return {
    url: `smtp://${HOST}:${String((listening.address() as AddressInfo).port)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}

async function describe(source: Buffer): Promise<KeptMail> {
  const { to, from, subject = '', messageId = '', text = '', html } = await simpleParser(source);
  const addresses = [to ?? []].flat().flatMap(({ value }) => value.map(({ address = '' }) => address));
  return {
    id: randomUUID(),
    receivedAt: new Date().toISOString(),
    from: from?.text ?? '',
    to: addresses,
    subject,
    messageId,
    text,
    html: html === false ? null : html,
  };
}

/** Written beside and renamed, and only then listed: whoever reads never sees half a mail. */
async function keep(directory: string, mail: KeptMail, source: Buffer): Promise<void> {
  const unfinished = join(directory, `${mail.id}.part`);
  await writeFile(unfinished, source);
  await rename(unfinished, join(directory, `${mail.id}.eml`));
  await appendFile(join(directory, INDEX_FILE), `${JSON.stringify(mail)}\n`);
}
