import { createHash } from 'node:crypto';
import type { Authorisation, PaymentRequest, Payments } from './payments.ts';

const OUTCOMES: Readonly<Partial<Record<string, 'authorised' | Extract<Authorisation, { reason: string }>['reason']>>> =
  {
    tok_visa: 'authorised',
    tok_mastercard: 'authorised',
    tok_declined: 'card-declined',
    tok_insufficient_funds: 'insufficient-funds',
  };

/**
 * A provider for development and tests that moves no money. What comes of a token is fixed: `tok_visa` and
 * `tok_mastercard` pay, `tok_declined` and `tok_insufficient_funds` don't. Keeps nothing, so that all processes agree.
 */
export class TestPayments implements Payments {
  readonly provider = 'test';

  authorise({ key, token }: PaymentRequest): Promise<Authorisation> {
    const outcome = OUTCOMES[token] ?? 'unknown-token';
    if (outcome !== 'authorised') return Promise.resolve({ outcome: 'declined', reason: outcome });
    const reference = `test_${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;
    return Promise.resolve({ outcome, reference });
  }

  capture(): Promise<void> {
    return Promise.resolve();
  }

  refund(): Promise<void> {
    return Promise.resolve();
  }
}
