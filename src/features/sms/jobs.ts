import type { Effects } from '../../platform/queue/effects.ts';
import { jobHandler, type JobHandler } from '../../platform/queue/job.ts';
import { SECOND_MS } from '../../shared/time.ts';
import { sendMessage, type SendSmsDeps } from './send-sms.ts';
import { sendSms } from './sms.events.ts';

export interface SmsJobDeps extends SendSmsDeps {
  readonly effects: Pick<Effects, 'once'>;
}

/** Longer than an attempt may take, its search at the provider included. */
const HOLD_MS = 40 * SECOND_MS;

/** For the `sms` worker. */
export const smsJobs = ({ effects, ...deps }: SmsJobDeps): readonly JobHandler[] => [
  jobHandler({
    contract: sendSms,
    async handle(payload, signal) {
      await effects.once(sendSms.idOf(payload), HOLD_MS, () => sendMessage(deps, payload.smsId, signal));
    },
  }),
];
