import type { Catalogue } from '../../shared/locale.ts';
import { inWords, isPaidBack, type OrderMailFacts } from './order.mails.ts';

interface Words {
  readonly confirmation: (store: string, number: string, total: string) => string;
  readonly cancellation: (store: string, number: string, ending: string) => string;
  readonly refunded: string;
  readonly nothingCharged: string;
}

/** In the characters of GSM 03.38, of which 160 are one part: a dash or a curly quote makes it 70. */
const texts: Catalogue<Words> = {
  en: {
    confirmation: (store, number, total) =>
      `${store}: thank you for your order ${number}, ${total}. No more texts? Reply STOP.`,
    cancellation: (store, number, ending) => `${store}: your order ${number} is cancelled. ${ending}`,
    refunded: 'What you paid goes back to you within a few days.',
    nothingCharged: 'Nothing was charged.',
  },
  de: {
    confirmation: (store, number, total) =>
      `${store}: danke für Ihre Bestellung ${number}, ${total}. Keine SMS mehr? Antworten Sie STOP.`,
    cancellation: (store, number, ending) => `${store}: Ihre Bestellung ${number} ist storniert. ${ending}`,
    refunded: 'Was Sie bezahlt haben, erhalten Sie in den nächsten Tagen zurück.',
    nothingCharged: 'Es wurde nichts abgebucht.',
  },
};

/** As much of a store's name as leaves room for the rest. */
const NAME_CHARACTERS = 40;

export type OrderTextFacts = Pick<OrderMailFacts, 'look' | 'order'>;

export function confirmationText({ order, look }: OrderTextFacts): string {
  return texts[look.locale].confirmation(storeOf(look), order.number, inWords(order.total, look.locale));
}

export function cancellationText({ order, look }: OrderTextFacts): string {
  const { cancellation, refunded, nothingCharged } = texts[look.locale];
  return cancellation(storeOf(look), order.number, isPaidBack(order) ? refunded : nothingCharged);
}

/** On one line, since whoever types a name may not write a message of their own. */
function storeOf({ brand }: OrderTextFacts['look']): string {
  const name = brand.name.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  const characters = Array.from(name);
  return characters.length <= NAME_CHARACTERS ? name : `${characters.slice(0, NAME_CHARACTERS - 3).join('')}...`;
}
