import { escapeHtml, type Letter } from '../../platform/mail/letter.ts';
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

/** One content in two forms: whoever reads plain text reads the same. */
function orderMail({ lines, total }: OrderMailFacts['order'], words: Words): Letter {
  const { greeting, message, ending } = words;
  const rows = lines.map(({ quantity, title, amount }) => ({
    what: `${String(quantity)} × ${title}`,
    price: inWords(amount),
  }));
  const sum = { what: 'Total', price: inWords(total) };
  const text = [
    greeting,
    '',
    message,
    '',
    ...[...rows, sum].map(({ what, price }) => `  ${what}: ${price}`),
    '',
    ending,
  ];
  const htmlRows = rows.map(
    ({ what, price }) =>
      html`<tr>
        <td>${what}</td>
        <td align="right">${price}</td>
      </tr>`,
  );
  const page = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body>',
    html`<p>${greeting}</p>
      <p>${message}</p>`,
    `<table cellpadding="4">${htmlRows.join('')}`,
    html`<tr><th align="left">${sum.what}</th><th align="right">${sum.price}</th></tr></table>`,
    html`<p>${ending}</p>`,
    '</body></html>',
  ];
  // A subject is a header: a line break in it would begin another.
  return { subject: words.subject.replace(/\s+/g, ' '), text: text.join('\n'), html: page.join('') };
}

/** `EUR 19.99`, with as many decimals as the currency has. */
export function inWords({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** decimals).replace(/\u00a0/g, ' ');
}

/** Template tag that escapes what is put in, so that no name of a product or a person becomes markup. */
function html(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: parts }, ...values.map(escapeHtml));
}
