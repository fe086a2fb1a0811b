import type { Look } from '../../platform/mail/brand.ts';
import { writeLetter, type Letter } from '../../platform/mail/letter.ts';
import type { Catalogue } from '../../shared/locale.ts';

export interface LowStockFacts {
  readonly look: Look;
  readonly readerName: string;
  readonly levels: readonly { readonly sku: string; readonly available: number; readonly lowStockAt: number }[];
  /** Ends these mails to this reader. */
  readonly unsubscribeUrl: string;
}

interface Words {
  readonly subject: (count: number, store: string) => string;
  readonly hello: (name: string) => string;
  readonly message: string;
  readonly left: (available: number, lowStockAt: number) => string;
  readonly once: string;
  readonly unsubscribe: string;
}

const texts: Catalogue<Words> = {
  en: {
    subject: (count, store) =>
      count === 1 ? `Low stock at ${store}` : `Low stock of ${String(count)} articles at ${store}`,
    hello: (name) => `Hello ${name},`,
    message: 'of these there is little left:',
    left: (available, lowStockAt) => `${String(available)} left (you asked at ${String(lowStockAt)})`,
    once: 'You will hear of each again after it was filled up and has run low once more.',
    unsubscribe: 'Send me no more mails about low stock',
  },
  de: {
    subject: (count, store) =>
      count === 1 ? `Niedriger Bestand bei ${store}` : `Niedriger Bestand von ${String(count)} Artikeln bei ${store}`,
    hello: (name) => `Guten Tag ${name},`,
    message: 'hiervon ist nur noch wenig da:',
    left: (available, lowStockAt) => `noch ${String(available)} (Meldung bei ${String(lowStockAt)})`,
    once: 'Sie hören von jedem Artikel wieder, wenn er aufgefüllt wurde und erneut zur Neige geht.',
    unsubscribe: 'Keine Mails mehr über niedrigen Bestand',
  },
};

export function lowStockLetter({ look, readerName, levels, unsubscribeUrl }: LowStockFacts): Letter {
  const words = texts[look.locale];
  return writeLetter({
    look,
    subject: words.subject(levels.length, look.brand.name),
    greeting: words.hello(readerName),
    paragraphs: [words.message],
    bill: levels.map(({ sku, available, lowStockAt }) => ({ what: sku, price: words.left(available, lowStockAt) })),
    ending: words.once,
    unsubscribe: { label: words.unsubscribe, url: unsubscribeUrl },
  });
}
