import type { Money } from '../../shared/money.ts';

export interface PaymentRequest {
  /** Names the intent: asked twice with one key, a provider moves money once. */
  readonly key: string;
  readonly amount: Money;
  /** Stands for the card; the card itself never reaches us. */
  readonly token: string;
}

export type Authorisation =
  | { readonly outcome: 'authorised'; readonly reference: string }
  | { readonly outcome: 'declined'; readonly reason: 'card-declined' | 'insufficient-funds' | 'unknown-token' };

/** What is asked of a payment provider. All of it may be repeated: the same again has no effect. */
export interface Payments {
  /** Stored beside each payment, so that it is known later whom to ask for it. */
  readonly provider: string;
  /** Reserves the amount on the card. */
  authorise(request: PaymentRequest): Promise<Authorisation>;
  /** Takes what was reserved. */
  capture(reference: string, amount: Money): Promise<void>;
  /** Gives back what was taken: the undo of `capture`. Harmless to repeat: whoever asks may die before they note it. */
  refund(reference: string, amount: Money): Promise<void>;
}
