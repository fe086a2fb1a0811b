import type { Catalogue } from '../../shared/locale.ts';

interface OrderWords {
  readonly hello: (name: string) => string;
  readonly total: string;
  readonly confirmation: OrderMailWords;
  readonly cancellation: OrderMailWords;
  readonly refunded: string;
  readonly nothingCharged: string;
  readonly whereItIs: string;
}

interface OrderMailWords {
  readonly subject: (number: string, store: string) => string;
  readonly message: (store: string) => string;
}

/** What customers are told of their orders. */
export const orderTexts: Catalogue<OrderWords> = {
  en: {
    hello: (name) => `Hello ${name},`,
    total: 'Total',
    confirmation: {
      subject: (number, store) => `Your order ${number} at ${store}`,
      message: (store) => `thank you for your order at ${store}. This is what you bought:`,
    },
    cancellation: {
      subject: (number, store) => `Your order ${number} at ${store} is cancelled`,
      message: (store) => `your order at ${store} is cancelled. It was for:`,
    },
    refunded: 'What you paid goes back to your card within a few days.',
    nothingCharged: 'Nothing was charged.',
    whereItIs: 'Your orders in your account always show how far it is.',
  },
  de: {
    hello: (name) => `Guten Tag ${name},`,
    total: 'Summe',
    confirmation: {
      subject: (number, store) => `Ihre Bestellung ${number} bei ${store}`,
      message: (store) => `vielen Dank für Ihre Bestellung bei ${store}. Das haben Sie gekauft:`,
    },
    cancellation: {
      subject: (number, store) => `Ihre Bestellung ${number} bei ${store} ist storniert`,
      message: (store) => `Ihre Bestellung bei ${store} ist storniert. Sie enthielt:`,
    },
    refunded: 'Was Sie bezahlt haben, geht in den nächsten Tagen auf Ihre Karte zurück.',
    nothingCharged: 'Es wurde nichts abgebucht.',
    whereItIs: 'Wie weit sie ist, zeigen jederzeit die Bestellungen in Ihrem Konto.',
  },
};
