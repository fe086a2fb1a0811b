import type { Config } from '../config/index.ts';
import type { SendOnce } from '../platform/mail/letter.ts';
import { MailServerAway, smtpTransport, type MailTransport } from '../platform/mail/transport.ts';
import type { Logger } from '../platform/observability/logger.ts';
import { Effects, effects } from '../platform/queue/effects.ts';
import { Breaker } from '../platform/resilience/breaker.ts';
import { logSms } from '../platform/sms/log-sms.ts';
import { isSmsOutage, type SmsProvider } from '../platform/sms/provider.ts';
import { TwilioSms } from '../platform/sms/twilio.ts';
import type { connectionParts } from './connections.ts';
import type { Part, Parts } from './parts.ts';
import type { writeParts } from './writes.ts';

/** By which mails and text messages leave, each provider behind a breaker, and what was sent already. */
export function sendingParts(
  parts: Parts,
  config: Config,
  logger: Part<Logger>,
  { database }: ReturnType<typeof connectionParts>,
  { now }: ReturnType<typeof writeParts>,
) {
  const effectsDone = parts.part(() => new Effects({ effects: effects.on(database().primary), now }));
  const mailBreaker = parts.part(
    () => new Breaker({ name: 'smtp', isOutage: (error) => error instanceof MailServerAway, logger: logger() }),
  );
  const mailTransport = parts.part(
    () => smtpTransport(config.mail, mailBreaker()),
    (transport) => {
      transport.close();
    },
  );
  return {
    effects: effectsDone,
    mailBreaker,
    mailTransport,
    sendOnce: parts.part(() => lettersOnce(effectsDone(), mailTransport())),
    smsBreaker: parts.part(() => new Breaker({ name: config.sms.provider, isOutage: isSmsOutage, logger: logger() })),
    smsProvider: parts.part(() => smsProviderOf(config.sms, logger())),
  };
}

const MAIL_MS = 30_000;

/** A letter's effect is its mail: the same id for both, so that one sent twice after all can be told as one. */
function lettersOnce(done: Effects, transport: MailTransport): SendOnce {
  return async ({ to, subject, text, html }, effectId, signal) => {
    const mail = { to, subject, body: text, html, id: effectId };
    await done.once(effectId, MAIL_MS, () => transport.send(mail, signal));
  };
}

function smsProviderOf({ twilio }: Config['sms'], logger: Logger): SmsProvider {
  return twilio === undefined ? logSms(logger) : new TwilioSms(twilio);
}
