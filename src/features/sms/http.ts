import type { Callback } from '../../platform/http/callbacks.ts';
import { forbidden } from '../../platform/http/problems.ts';
import { twilioReceipt } from '../../platform/sms/receipt.ts';
import { isTwilioSignature } from '../../platform/sms/twilio-signature.ts';
import { Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import type { SmsService } from './sms.service.ts';

export interface SmsCallbackParts {
  readonly sms: Pick<SmsService, 'receive'>;
  /** Signs what Twilio reports. */
  readonly authToken: string;
}

/** Where Twilio reports how messages fare: often, in any order, and more than once. */
export const smsCallbacks = ({ sms, authToken }: SmsCallbackParts): readonly Callback[] => [
  {
    path: '/sms/:smsId',
    handle: async ({ url, params, header, fields }) => {
      const signature = header('x-twilio-signature') ?? '';
      if (!isTwilioSignature(signature, authToken, url, fields)) {
        throw new Problem(forbidden, 'The signature is not that of the provider');
      }
      const smsId = Id.safeDecode(params.smsId ?? '');
      const receipt = twilioReceipt(fields);
      // Nothing that Twilio could mend by sending it again.
      if (!smsId.success || receipt === undefined) return undefined;
      await sms.receive(smsId.data, receipt);
      return undefined;
    },
  },
];
