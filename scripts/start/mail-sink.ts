import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { newSecret } from '../../src/platform/security/secrets.ts';

const HOST = '127.0.0.1';

export interface MailSink {
  close(): Promise<void>;
}

/** A mail server that delivers nothing and keeps every mail as a file of its own, named by time: `…Z-<random>.eml`. */
export async function startMailSink(port: number, directory: string): Promise<MailSink> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onData(stream, _session, done) {
      buffer(stream)
        .then((mail) => keep(directory, mail))
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
  await once(server.listen(port, HOST), 'listening');
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}

/** Written beside and renamed, so that whoever reads the directory never sees half a mail. */
async function keep(directory: string, mail: Buffer): Promise<void> {
  const name = `${new Date().toISOString().replaceAll(':', '-')}-${newSecret().slice(0, 6)}`;
  const unfinished = join(directory, `${name}.part`);
  await writeFile(unfinished, mail);
  await rename(unfinished, join(directory, `${name}.eml`));
}
