import type { Transporter } from 'nodemailer';
import { isError } from '../../shared/errors.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { PermanentFailure, PutOff } from '../queue/job.ts';
import type { Breaker } from '../resilience/breaker.ts';
import type { MailToSend } from './mail.store.ts';

export interface MailTransportSettings {
  /** `smtp://user:password@host:port`, or `smtps://`. */
  readonly smtpUrl: string;
  /** The sender of all mails. */
  readonly from: string;
  /** How long the server may take, in milliseconds: to greet, and for each reply. */
  readonly patience?: { readonly connectMs: number; readonly replyMs: number };
}

/** A mail that goes out, with an id that stays the same at each attempt. */
export interface OutgoingMail extends MailToSend {
  readonly id: string;
}

/** How mails leave. */
export interface MailTransport {
  /**
   * @throws PermanentFailure when the server refuses the mail for good, PutOff when it cannot be reached, anything else
   * when another attempt may do
   */
  send(mail: OutgoingMail, signal?: AbortSignal): Promise<void>;
  /** Whether the server answers. */
  verify(): Promise<void>;
  close(): void;
}

/** The mail server is away, or turns everybody away: no mail is to blame. */
export class MailServerAway extends Error {
  override readonly name = 'MailServerAway';
}

/** Keeps mails from a server that is away. */
export type MailBreaker = Pick<Breaker, 'run'>;

// Together below the 30 s that a job may take, the look whether the server is there at all included.
const PATIENCE = { connectMs: 4 * SECOND_MS, replyMs: 15 * SECOND_MS };
const AWAY_MS = 10 * SECOND_MS;
const MAX_CONNECTIONS = 5;
const MAX_MAILS_PER_CONNECTION = 100;

const noBreaker: MailBreaker = { run: (call) => call() };

/** Mails over SMTP, by a few connections that are kept open. */
export function smtpTransport(settings: MailTransportSettings, breaker: MailBreaker = noBreaker): MailTransport {
  let opened: ReturnType<typeof pooled> | undefined;
  const open = () => (opened ??= pooled(settings));
  const { from } = settings;
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost';
  return {
    async send({ id, to, subject, body, html, unsubscribeUrl }, signal) {
      const message = {
        from,
        to,
        subject,
        text: body,
        messageId: `<${id}@${domain}>`,
        ...(html !== undefined && { html }),
        ...(unsubscribeUrl !== undefined && { headers: unsubscribeHeaders(unsubscribeUrl) }),
        // One whose job is given up must not lie in the pool's line and go out beside the next attempt.
        ...(signal !== undefined && { signal }),
      };
      try {
        const transporter = await open();
        await breaker.run(() => attempt(transporter, () => transporter.sendMail(message)));
      } catch (error) {
        if (error instanceof MailServerAway) throw new PutOff(error.message, AWAY_MS, { cause: error });
        throw error;
      }
    },
    async verify() {
      await (await open()).verify();
    },
    close() {
      void opened?.then((transporter) => {
        transporter.close();
      });
    },
  };
}

/** The library is loaded with the first mail: most processes send none. */
async function pooled({ smtpUrl, patience = PATIENCE }: MailTransportSettings) {
  const { createTransport } = await import('nodemailer');
  const { protocol, hostname, port, username, password } = new URL(smtpUrl);
  const secure = protocol === 'smtps:';
  return createTransport({
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    maxMessages: MAX_MAILS_PER_CONNECTION,
    // Whether a mail is sent again, and when, is up to its job.
    maxRequeues: 0,
    host: hostname,
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    dnsTimeout: patience.connectMs,
    connectionTimeout: patience.connectMs,
    greetingTimeout: patience.connectMs,
    socketTimeout: patience.replyMs,
    // A mail's text must not make us read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

async function attempt(transporter: Pick<Transporter, 'verify'>, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    const { code, responseCode } = replyOf(error);
    const isAboutThisMail = code === 'EENVELOPE' || code === 'EMESSAGE';
    // RFC 5321, 4.2.1 and 3.8: 4yz may succeed later, 5yz will not, and 421 speaks of the server.
    if (isAboutThisMail && responseCode >= 500) throw new PermanentFailure('The mail server refuses this mail');
    if (isAboutThisMail && responseCode > 0 && responseCode !== 421) throw error;
    throw await blame(transporter, error, code);
  }
}

/** The line broke without a reply in the middle of a mail, whose fault that may be: then the server answers others. */
const LOST_LINE = new Set(['ECONNECTION', 'ECONNRESET', 'EPIPE', 'ESOCKET', 'ETIMEDOUT']);

async function blame(transporter: Pick<Transporter, 'verify'>, error: unknown, code: string): Promise<unknown> {
  if (code === 'AbortError' || code === 'ABORT_ERR') return error;
  const away = new MailServerAway('The mail server cannot be reached', { cause: error });
  if (!LOST_LINE.has(code)) return away;
  return transporter.verify().then(
    () => error,
    () => away,
  );
}

function replyOf(error: unknown): { readonly code: string; readonly responseCode: number } {
  if (!isError(error)) return { code: '', responseCode: 0 };
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  return {
    code: typeof code === 'string' ? code : error.name,
    responseCode: typeof responseCode === 'number' ? responseCode : 0,
  };
}

/** RFC 2369, and RFC 8058 for those whose mail program asks by itself. */
function unsubscribeHeaders(url: string) {
  return { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
}
