import type { Transporter } from 'nodemailer';
import { isError } from '../../shared/errors.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { PermanentFailure, PutOff, RefusedForNow } from '../queue/job.ts';
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
   * @throws PermanentFailure when the mail is refused for good, RefusedForNow when it is not, PutOff when the server cannot be
   * reached or takes no mails of ours, anything else when another attempt may do
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

/** The server may take the mail later: it has too many at once, or makes strangers wait. */
export class MailRefusedForNow extends RefusedForNow {
  override readonly name = 'MailRefusedForNow';
  readonly responseCode: number;

  constructor(responseCode: number, options: ErrorOptions) {
    super(`The mail server refuses this mail for now (${String(responseCode)})`, options);
    this.responseCode = responseCode;
  }
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
    throw await meaningOf(transporter, error);
  }
}

/** What the library calls errors about the mail at hand. */
const ABOUT_A_MAIL = new Set(['EENVELOPE', 'EMESSAGE']);
/** RFC 5321, 3.8: 421 speaks of the server, as does 0, what cannot be read. */
const ABOUT_THE_SERVER = new Set<number | undefined>([0, 421]);

async function meaningOf(transporter: Pick<Transporter, 'verify'>, error: unknown): Promise<unknown> {
  const { code, command, responseCode } = replyOf(error);
  if (!ABOUT_A_MAIL.has(code) || ABOUT_THE_SERVER.has(responseCode)) return blame(transporter, error, code);
  // The library's own word, before the server was asked.
  if (responseCode === undefined)
    return new PermanentFailure('The mail has no address to send it to', { cause: error });
  // RFC 5321, 4.2.1: 4yz may succeed later, 5yz will not.
  if (responseCode < 500) return new MailRefusedForNow(responseCode, { cause: error });
  if (!isAboutUs(command, responseCode))
    return new PermanentFailure('The mail server refuses this mail', { cause: error });
  return new MailServerAway('The mail server takes no mails of ours', { cause: error });
}

/** RFC 4954: nobody has signed in. */
const NOT_SIGNED_IN = 530;
/** What is refused at the sender for the mail's own sake: it is too long (RFC 1870), or has a parameter that is not known (RFC 5321). */
const OF_ONE_MAIL = new Set([552, 555]);

/** Whether a refusal is about our account or sender, which all mails have in common, and so ends for all of them when somebody mends it. */
function isAboutUs(command: string, responseCode: number): boolean {
  return responseCode === NOT_SIGNED_IN || (command === 'MAIL FROM' && !OF_ONE_MAIL.has(responseCode));
}

/** The line broke without a reply in the middle of a mail, whose fault that may be: then the server answers others. */
const LOST_LINE = new Set(['ECONNECTION', 'ECONNRESET', 'EPIPE', 'ESOCKET', 'ETIMEDOUT']);
/** Its job was given up, as by `signal`. */
const GIVEN_UP = 'EABORT';

async function blame(transporter: Pick<Transporter, 'verify'>, error: unknown, code: string): Promise<unknown> {
  if (code === GIVEN_UP) return error;
  const away = new MailServerAway('The mail server cannot be reached', { cause: error });
  if (!LOST_LINE.has(code)) return away;
  return transporter.verify().then(
    () => error,
    () => away,
  );
}

interface Reply {
  /** The library's name for what went wrong. */
  readonly code: string;
  /** What was asked last. */
  readonly command: string;
  /** Undefined when there was no reply, 0 for one that cannot be read. */
  readonly responseCode: number | undefined;
}

const NO_REPLY: Reply = { code: '', command: '', responseCode: undefined };

function replyOf(error: unknown): Reply {
  if (!isError(error)) return NO_REPLY;
  const { code, command, response, responseCode } = error as Partial<Record<keyof Reply | 'response', unknown>>;
  return {
    code: typeof code === 'string' ? code : error.name,
    command: typeof command === 'string' ? command : '',
    responseCode: typeof responseCode === 'number' ? responseCode : response === undefined ? undefined : 0,
  };
}

/** RFC 2369, and RFC 8058 for those whose mail program asks by itself. */
function unsubscribeHeaders(url: string) {
  return { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
}
