import { z } from 'zod';
import { tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { DAY_SECONDS } from '../../shared/time.ts';
import { phoneNotValid } from '../sms/index.ts';
import { codeNotValid, emailNotVerified, phoneNotProven } from './identity.problems.ts';
import { CodeSent, SetOrderTexts, SetPhone, VerifyPhone } from './phone.schema.ts';
import type { PhoneService } from './phone.service.ts';

const own = { permission: { scope: 'user' }, idempotent: false } as const;
const settled = { output: z.void(), status: 204 } as const;

export const phoneEndpoints = (phones: PhoneService): readonly Endpoint[] => [
  endpoint({
    ...own,
    method: 'put',
    path: '/me/phone',
    operationId: 'setPhone',
    summary: 'Have a code sent to a phone number, to prove that it is the own',
    input: z.object({ body: SetPhone }),
    output: CodeSent,
    status: 202,
    problems: [phoneNotValid, emailNotVerified, tooContended],
    queryBudget: 4,
    // Each costs money, and may reach a stranger; a number has its caps besides, and an account costs nothing but a mail address.
    limits: [
      { quota: 5, windowSeconds: 3_600, per: 'actor', exact: true },
      { quota: 50, windowSeconds: DAY_SECONDS, per: 'address', exact: true },
    ],
    handle: ({ body }, context) => phones.ask(context, body.number),
  }),

  endpoint({
    ...own,
    ...settled,
    method: 'post',
    path: '/me/phone/verify',
    operationId: 'verifyPhone',
    summary: 'Prove the phone number with the code of the text message; five tries a code',
    input: z.object({ body: VerifyPhone }),
    problems: [codeNotValid, tooContended],
    queryBudget: 5,
    limits: [{ quota: 20, windowSeconds: 60, per: 'actor', exact: true }],
    handle: ({ body }, context) => phones.prove(context, body.code),
  }),

  endpoint({
    ...own,
    ...settled,
    method: 'delete',
    path: '/me/phone',
    operationId: 'removePhone',
    summary: 'Forget the own phone number; ends text messages',
    input: z.object({}),
    problems: [tooContended],
    queryBudget: 4,
    handle: (_input, context) => phones.remove(context),
  }),

  endpoint({
    ...own,
    ...settled,
    method: 'put',
    path: '/me/order-texts',
    operationId: 'setOrderTexts',
    summary: 'Say whether confirmations and cancellations of orders are to come by text message as well',
    input: z.object({ body: SetOrderTexts }),
    problems: [phoneNotProven, tooContended],
    queryBudget: 3,
    handle: ({ body }, context) => phones.wantOrderTexts(context, body.wanted),
  }),
];
