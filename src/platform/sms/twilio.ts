import { z } from 'zod';
import { cutOffBy } from '../../shared/cut-off.ts';
import { codeOf, isError } from '../../shared/errors.ts';
import { HOUR_MS, SECOND_MS } from '../../shared/time.ts';
import { SmsFateUnknown, SmsNotTaken, SmsRefused, type OutgoingSms, type SmsProvider } from './provider.ts';

export interface TwilioSettings {
  /** `https://api.twilio.com`, or a server that speaks its API. */
  readonly baseUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly sender: { readonly from: string } | { readonly messagingServiceSid: string };
}

const ANSWER_MS = 10 * SECOND_MS;
const PAGE_SIZE = 50;

/** Twilio's clock and ours may differ by so much. */
const CLOCK_SKEW_MS = 60 * SECOND_MS;

/**
 * Refusals that are about our account or sender, and so end for all messages at once when somebody mends them: refused
 * credentials, suspended account, sender that is unknown, missing or without numbers. Every other 4xx is about the
 * message (21211 no such number, 21610 unsubscribed, 21408 country not allowed) and holds for good: the codes are many
 * and change, the status does not.
 */
const OURS_TO_MEND = new Set([20003, 20005, 20404, 21212, 21603, 21606, 21701, 21703, 21705]);

/** 408 and 429, and 425: the same request may do later. */
const TRY_LATER = new Set([408, 425, 429]);

const Taken = z.object({ sid: z.string().min(1) });
const Refusal = z.object({ code: z.number().optional() });
const Listed = z.object({
  messages: z.array(z.object({ sid: z.string(), body: z.string(), date_created: z.string() })),
});

/** Text messages by Twilio's API, 2010-04-01. */
export class TwilioSms implements SmsProvider {
  readonly name = 'twilio';
  readonly taken = 'queued';
  readonly #settings: TwilioSettings;

  constructor(settings: TwilioSettings) {
    this.#settings = settings;
  }

  async send({ to, text, receiptUrl }: OutgoingSms, signal: AbortSignal): Promise<string> {
    const { sender } = this.#settings;
    const from = 'from' in sender ? { From: sender.from } : { MessagingServiceSid: sender.messagingServiceSid };
    const body = new URLSearchParams({ To: to, Body: text, StatusCallback: receiptUrl, ...from });
    const answer = await this.#call('', { method: 'POST', body }, signal);
    if (answer.ok) return sidOf(answer);
    throw refusalOf(answer);
  }

  async findSent(
    { to, text }: Pick<OutgoingSms, 'text' | 'to'>,
    since: Date,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const from = since.getTime() - CLOCK_SKEW_MS;
    const query = new URLSearchParams({
      To: to,
      'DateSent>': new Date(from).toISOString().slice(0, 10),
      PageSize: String(PAGE_SIZE),
    });
    const answer = await this.#call(`?${query.toString()}`, { method: 'GET' }, signal);
    if (!answer.ok) throw refusalOf(answer);
    const listed = Listed.safeParse(answer.body);
    if (!listed.success) throw new SmsFateUnknown('The list of messages cannot be read');
    return listed.data.messages
      .filter((message) => message.body === text && Date.parse(message.date_created) >= from)
      .map(({ sid }) => sid);
  }

  async #call(query: string, init: RequestInit, signal: AbortSignal): Promise<Answer> {
    const { baseUrl, accountSid, authToken } = this.#settings;
    const credentials = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
    const url = `${baseUrl}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json${query}`;
    const headers = { Authorization: `Basic ${credentials}`, Accept: 'application/json' };
    try {
      return await cutOffBy({ signals: [signal], limitMs: ANSWER_MS }, async (end) =>
        answerOf(await fetch(url, { ...init, headers, redirect: 'error', signal: end })),
      );
    } catch (error) {
      throw lostOf(error);
    }
  }
}

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly retryAfter: string | null;
  /** Undefined when it is no JSON. */
  readonly body: unknown;
}

async function answerOf(response: Response): Promise<Answer> {
  const { ok, status, headers } = response;
  return { ok, status, retryAfter: headers.get('retry-after'), body: parse(await response.text()) };
}

function sidOf({ body }: Answer): string {
  const taken = Taken.safeParse(body);
  // It said that it took the message, and not as what.
  if (!taken.success) throw new SmsFateUnknown('The answer cannot be read');
  return taken.data.sid;
}

function refusalOf({ status, retryAfter, body }: Answer): Error {
  const code = Refusal.safeParse(body).data?.code ?? status;
  if (TRY_LATER.has(status)) {
    return new SmsNotTaken(String(code), { isOutage: false, retryAfterMs: milliseconds(retryAfter) });
  }
  if (status >= 500) return new SmsFateUnknown(`The provider answered ${String(status)}`);
  if (status === 401 || status === 403 || OURS_TO_MEND.has(code)) {
    return new SmsNotTaken(String(code), { isOutage: true });
  }
  return new SmsRefused(String(code));
}

/** What never reached a server was certainly not taken; where a line broke later nobody knows. */
const NEVER_REACHED = new Set(['EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND']);
const NEVER_REACHED_BY_UNDICI = 'UND_ERR_CONNECT_TIMEOUT';

function lostOf(error: unknown): Error {
  const code = codeOf(isError(error) && error.cause !== undefined ? error.cause : error);
  if (NEVER_REACHED.has(code) || code === NEVER_REACHED_BY_UNDICI) return new SmsNotTaken(code, { isOutage: true });
  return new SmsFateUnknown(`The provider did not answer: ${code}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Such a message costs no attempt: without a rest it would be handed over again and again, and after long ones it is too late. */
const REST_MS = { least: SECOND_MS, most: HOUR_MS };

/** RFC 9110, 10.2.3: seconds; Twilio sends no dates. */
function milliseconds(retryAfter: string | null): number | undefined {
  const seconds = Number(retryAfter ?? Number.NaN);
  return seconds >= 0 ? Math.min(Math.max(seconds * SECOND_MS, REST_MS.least), REST_MS.most) : undefined;
}
