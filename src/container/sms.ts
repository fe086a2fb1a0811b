import { SmsCaps } from '../features/sms/sms.caps.ts';
import { textMessageCounts, textMessages } from '../features/sms/sms.model.ts';
import { SmsService } from '../features/sms/sms.service.ts';
import { SmsStore } from '../features/sms/sms.store.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

/** Text messages: asked for here, sent by workers. */
export function smsParts(parts: Parts, { config, logger, database, now, transact, appendEvent }: Platform) {
  const smsStore = parts.part(() => new SmsStore(textMessages.on(database().primary)));
  return {
    smsStore,
    smsCaps: parts.part(
      () =>
        new SmsCaps({
          counts: textMessageCounts.on(database().primary),
          limits: config.sms.caps,
          now,
          onPlatformCap: () => {
            logger().warn({ cap: config.sms.caps.platformDay }, 'no more codes are sent by text message today');
          },
        }),
    ),
    sms: parts.part(() => new SmsService({ transact: transact(), appendEvent: appendEvent(), store: smsStore(), now })),
  };
}
