import type { Callback, CallbackRequest } from '../../platform/http/callbacks.ts';
import { forbidden } from '../../platform/http/problems.ts';
import { twilioOptOut } from '../../platform/sms/opt-out.ts';
import { twilioReceipt } from '../../platform/sms/receipt.ts';
import { isTwilioSignature } from '../../platform/sms/twilio-signature.ts';
import { Id } from '../../shared/ids.ts';
import { Problem } from '../../shared/problem.ts';
import type { OptOuts } from './opt-outs.ts';
import type { SmsService } from './sms.service.ts';

export interface SmsCallbackParts {
  readonly sms: Pick<SmsService, 'receive'>;
  readonly optOuts: OptOuts;
  /** Signs what Twilio reports. */
  readonly authToken: string;
}

/** Where Twilio reports how messages fare, often, in any order, and more than once; and what people reply to them. */
export const smsCallbacks = ({ sms, optOuts, authToken }: SmsCallbackParts): readonly Callback[] => [
  {
    path: '/sms/:smsId',
    handle: async (request) => {
      demandTwilio(request, authToken);
      const smsId = Id.safeDecode(request.params.smsId ?? '');
      const receipt = twilioReceipt(request.fields);
      // Nothing that Twilio could mend by sending it again.
      if (!smsId.success || receipt === undefined) return undefined;
      await sms.receive(smsId.data, receipt);
      return undefined;
    },
  },
  {
    path: '/sms-replies',
    handle: async (request) => {
      demandTwilio(request, authToken);
      const number = twilioOptOut(request.fields);
      if (number !== undefined) await optOuts.endTextsTo(number);
      return undefined;
    },
  },
];

function demandTwilio({ url, header, fields }: CallbackRequest, authToken: string): void {
  const signature = header('x-twilio-signature') ?? '';
  if (isTwilioSignature(signature, authToken, url, fields)) return;
  throw new Problem(forbidden, 'The signature is not that of the provider');
}
