import type { Look } from '../../platform/mail/brand.ts';
import { writeLetter, type Letter } from '../../platform/mail/letter.ts';
import type { Locale } from '../../shared/locale.ts';
import { decimalsOf, type Money } from '../../shared/money.ts';
import type { OrderView } from './order.schema.ts';
import { orderTexts } from './order.texts.ts';

export interface OrderMailFacts {
  readonly order: Pick<OrderView, 'lines' | 'number' | 'payment' | 'total'>;
  readonly customerName: string;
  /** Of the store that sells, in the customer's language. */
  readonly look: Look;
}

export function confirmationMail(facts: OrderMailFacts): Letter {
  const { confirmation, whereItIs } = orderTexts[facts.look.locale];
  return orderMail(facts, { ...confirmation, ending: whereItIs });
}

export function cancellationMail(facts: OrderMailFacts): Letter {
  const { cancellation, refunded, nothingCharged } = orderTexts[facts.look.locale];
  return orderMail(facts, { ...cancellation, ending: isPaidBack(facts.order) ? refunded : nothingCharged });
}

/** Whether what was paid goes back, or has gone. */
export const isPaidBack = ({ payment }: Pick<OrderView, 'payment'>): boolean =>
  payment === 'refund-due' || payment === 'refunded';

interface Words {
  readonly subject: (number: string, store: string) => string;
  readonly message: (store: string) => string;
  readonly ending: string;
}

function orderMail({ order, customerName, look }: OrderMailFacts, { subject, message, ending }: Words): Letter {
  const { brand, locale } = look;
  const { hello, total } = orderTexts[locale];
  const rows = order.lines.map(({ quantity, title, amount }) => ({
    what: `${String(quantity)} × ${title}`,
    price: inWords(amount, locale),
  }));
  return writeLetter({
    look,
    subject: subject(order.number, brand.name),
    greeting: hello(customerName),
    paragraphs: [message(brand.name)],
    bill: [...rows, { what: total, price: inWords(order.total, locale) }],
    hasTotal: true,
    ending,
  });
}

/** `EUR 19.99` or `19,99 EUR`, with as many decimals as the currency has. */
export function inWords({ amount, currency }: Money, locale: Locale): string {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'code' });
  return format.format(amount / 10 ** decimalsOf(currency)).replace(/\u00a0/g, ' ');
}
