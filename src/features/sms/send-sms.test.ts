import { expect, jest, test } from '@jest/globals';
import { DatabaseAway } from '../../platform/database/failures.ts';
import { newId } from '../../shared/ids.ts';
import { sendMessage, type SendSmsDeps } from './send-sms.ts';
import type { TextMessage } from './sms.model.ts';

const AT = new Date('2026-03-01T10:00:00Z');
const MESSAGE: TextMessage = {
  _id: newId(),
  merchantId: null,
  to: '+4915112000000',
  text: 'Your order is on its way',
  parts: 1,
  reference: null,
  state: 'queued',
  providerId: null,
  errorCode: null,
  countedAt: AT,
  attemptedAt: null,
  requestedAt: AT,
  updatedAt: AT,
};

test('a message that the provider has taken is noted as theirs, though the database is away just then', async () => {
  const markTaken = jest
    .fn<SendSmsDeps['store']['markTaken']>()
    .mockResolvedValue()
    .mockRejectedValueOnce(new DatabaseAway());
  const send = jest.fn(() => Promise.resolve('SM1'));
  const done = () => Promise.resolve();
  const deps: SendSmsDeps = {
    store: {
      findToSend: () => Promise.resolve(MESSAGE),
      findKnown: () => Promise.resolve(new Set()),
      markAttempted: done,
      markCounted: done,
      markFailed: done,
      markTaken,
    },
    caps: { take: () => Promise.resolve(undefined) },
    provider: { name: 'twilio', taken: 'queued', send, findSent: () => Promise.resolve([]) },
    breaker: { run: (call) => call() },
    optOuts: { endTextsTo: done },
    receiptsUrl: 'https://shop.example/callbacks/sms',
    now: () => AT,
  };
  await sendMessage(deps, MESSAGE._id, AbortSignal.timeout(5_000));
  expect(send).toHaveBeenCalledTimes(1);
  expect(markTaken.mock.calls).toEqual(
    Array.from({ length: 2 }, () => [MESSAGE._id, { providerId: 'SM1', state: 'queued' }, AT]),
  );
});
