import { z } from 'zod';

/** The languages that the product writes in. Each text that it sends is there in all of them, or does not compile. */
export const LOCALES = ['en', 'de'] as const;
export type Locale = (typeof LOCALES)[number];

export const Locale = z.enum(LOCALES).meta({ id: 'Locale', description: 'Language of mails and text messages.' });

/** Texts of one subject, in every language. */
export type Catalogue<T> = Readonly<Record<Locale, T>>;

const FALLBACK: Locale = 'en';

/** The first of the languages wished for that there is, such as those of a reader, then of a store; else English. */
export function localeOf(...wished: readonly (string | null | undefined)[]): Locale {
  const known = wished.map((tag) => LOCALES.find((locale) => locale === tag?.split('-')[0]?.toLowerCase()));
  return known.find((locale) => locale !== undefined) ?? FALLBACK;
}
