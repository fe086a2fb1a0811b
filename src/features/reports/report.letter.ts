import type { Look } from '../../platform/mail/brand.ts';
import { writeLetter, type Letter } from '../../platform/mail/letter.ts';
import type { Catalogue } from '../../shared/locale.ts';
import type { Period } from '../analytics/index.ts';
import type { KindName } from './kinds/index.ts';
import { dayInWords, inWords } from './period.ts';

export interface ReportLetterFacts extends Period {
  readonly look: Look;
  readonly kind: KindName;
  /** Of the store: its days are told. */
  readonly timeZone: string;
  /** When it was made, where it tells of that and not of the period. */
  readonly asOf?: Date | undefined;
  readonly url: string;
  readonly expiresAt: Date;
  /** Ends the schedule to this reader; undefined for who has asked for this one. */
  readonly unsubscribeUrl?: string | undefined;
}

interface Words {
  /** A new kind of report has its name here as well. */
  readonly titles: Readonly<Record<KindName, string>>;
  readonly subject: (title: string, store: string, time: string) => string;
  readonly asOf: (day: string) => string;
  readonly hello: string;
  readonly message: (title: string, store: string, time: string) => string;
  readonly download: string;
  readonly until: (day: string) => string;
  readonly unsubscribe: string;
}

const texts: Catalogue<Words> = {
  en: {
    titles: { sales: 'Sales', orders: 'Orders', inventory: 'Inventory', products: 'Products' },
    subject: (title, store, time) => `${title} of ${store}, ${time}`,
    asOf: (day) => `as of ${day}`,
    hello: 'Hello,',
    message: (title, store, time) => `the report you asked for is ready: ${title} of ${store}, ${time}.`,
    download: 'Download the report',
    until: (day) =>
      `The link works until ${day}, for everybody who has it: pass it on to nobody who must not see these figures.`,
    unsubscribe: 'Send me no more of these reports',
  },
  de: {
    titles: { sales: 'Umsatz', orders: 'Bestellungen', inventory: 'Bestand', products: 'Produkte' },
    subject: (title, store, time) => `${title} bei ${store}, ${time}`,
    asOf: (day) => `Stand ${day}`,
    hello: 'Guten Tag,',
    message: (title, store, time) => `der angeforderte Bericht ist fertig: ${title} bei ${store}, ${time}.`,
    download: 'Bericht herunterladen',
    until: (day) =>
      `Der Link gilt bis ${day} für alle, die ihn haben: Bitte nur an Personen weitergeben, die diese Zahlen sehen dürfen.`,
    unsubscribe: 'Diese Berichte nicht mehr senden',
  },
};

export function reportLetter({
  look,
  kind,
  timeZone,
  asOf,
  url,
  expiresAt,
  unsubscribeUrl,
  ...period
}: ReportLetterFacts): Letter {
  const words = texts[look.locale];
  const time = asOf === undefined ? inWords(period, look.locale) : words.asOf(dayInWords(asOf, look.locale, timeZone));
  const parts = [words.titles[kind], look.brand.name, time] as const;
  return writeLetter({
    look,
    subject: words.subject(...parts),
    greeting: words.hello,
    paragraphs: [words.message(...parts)],
    action: { label: words.download, url },
    footnote: words.until(dayInWords(expiresAt, look.locale, timeZone)),
    ...(unsubscribeUrl !== undefined && { unsubscribe: { label: words.unsubscribe, url: unsubscribeUrl } }),
  });
}
