import { writeLetter, type Letter } from '../../platform/mail/letter.ts';
import type { Money } from '../../shared/money.ts';
import type { OrderView } from './order.schema.ts';

export interface OrderMailFacts {
  readonly order: Pick<OrderView, 'lines' | 'number' | 'payment' | 'total'>;
  readonly storeName: string;
  readonly customerName: string;
}

export function confirmationMail({ order, storeName, customerName }: OrderMailFacts): Letter {
  return orderMail(order, {
    subject: `Your order ${order.number} at ${storeName}`,
    greeting: `Hello ${customerName},`,
    message: `thank you for your order at ${storeName}. This is what you bought:`,
    ending: 'You will hear from us again when it is on its way.',
  });
}

export function cancellationMail({ order, storeName, customerName }: OrderMailFacts): Letter {
  const paid = order.payment === 'refund-due' || order.payment === 'refunded';
  return orderMail(order, {
    subject: `Your order ${order.number} at ${storeName} is cancelled`,
    greeting: `Hello ${customerName},`,
    message: `your order at ${storeName} is cancelled. It was for:`,
    ending: paid ? 'What you paid goes back to your card within a few days.' : 'Nothing was charged.',
  });
}

interface Words {
  readonly subject: string;
  readonly greeting: string;
  readonly message: string;
  readonly ending: string;
}

function orderMail({ lines, total }: OrderMailFacts['order'], words: Words): Letter {
  const { subject, greeting, message, ending } = words;
  const rows = lines.map(({ quantity, title, amount }) => ({
    what: `${String(quantity)} × ${title}`,
    price: inWords(amount),
  }));
  const bill = [...rows, { what: 'Total', price: inWords(total) }];
  return writeLetter({ subject, greeting, paragraphs: [message], bill, ending });
}

/** `EUR 19.99`, with as many decimals as the currency has. */
export function inWords({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** decimals).replace(/\u00a0/g, ' ');
}
