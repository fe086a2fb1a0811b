import { createTransport } from 'nodemailer';
import { isError } from '../../shared/errors.ts';
import { PermanentFailure } from '../queue/job.ts';
import type { MailToSend } from './mail.store.ts';

export interface MailTransportSettings {
  /** `smtp://user:password@host:port`, or `smtps://`. */
  readonly smtpUrl: string;
  /** The sender of all mails. */
  readonly from: string;
}

/** A mail that goes out, with an id that stays the same at each attempt. */
export interface OutgoingMail extends MailToSend {
  readonly id: string;
}

/** How mails leave. */
export interface MailTransport {
  /** @throws PermanentFailure when the server refuses the mail for good */
  send(mail: OutgoingMail): Promise<void>;
  /** Whether the server answers. */
  verify(): Promise<void>;
  close(): void;
}

const CONNECT_MS = 5_000;
const SOCKET_MS = 15_000;
const MAX_CONNECTIONS = 5;
const MAX_MAILS_PER_CONNECTION = 100;

/** Mails over SMTP, by a few connections that are kept open. */
export function smtpTransport({ smtpUrl, from }: MailTransportSettings): MailTransport {
  const { protocol, hostname, port, username, password } = new URL(smtpUrl);
  const secure = protocol === 'smtps:';
  const transporter = createTransport({
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    maxMessages: MAX_MAILS_PER_CONNECTION,
    host: hostname,
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
    // A mail's text must not make us read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost';
  return {
    async send({ id, to, subject, body, html }) {
      const message = { from, to, subject, text: body, messageId: `<${id}@${domain}>` };
      try {
        await transporter.sendMail(html === undefined ? message : { ...message, html });
      } catch (error) {
        if (isRefusedForGood(error)) throw new PermanentFailure('The mail server refuses this mail');
        throw error;
      }
    },
    async verify() {
      await transporter.verify();
    },
    close() {
      transporter.close();
    },
  };
}

/** RFC 5321, 4.2.1: 4yz may succeed later, 5yz will not. A refused sign-in is ours to mend, and then it will. */
function isRefusedForGood(error: unknown): boolean {
  if (!isError(error)) return false;
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown };
  return code !== 'EAUTH' && typeof responseCode === 'number' && responseCode >= 500;
}
