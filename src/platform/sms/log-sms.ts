import { randomUUID } from 'node:crypto';
import type { Logger } from '../observability/logger.ts';
import { maskPhone } from './phone.ts';
import type { SmsProvider } from './provider.ts';

/** For development: writes to the log what would be sent. Codes in texts are shown, numbers are not. */
export function logSms(logger: Pick<Logger, 'info'>): SmsProvider {
  return {
    name: 'log',
    taken: 'sent',
    send({ to, text }) {
      logger.info({ recipient: maskPhone(to), text }, 'text message');
      return Promise.resolve(`log-${randomUUID()}`);
    },
    findSent: () => Promise.resolve([]),
  };
}
