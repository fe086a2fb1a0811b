import { z } from 'zod';

/** The languages that the product writes in. Each text that it sends is there in all of them, or does not compile. */
export const LOCALES = ['en', 'de'] as const;
export type Locale = (typeof LOCALES)[number];

export const Locale = z.enum(LOCALES).meta({ id: 'Locale', description: 'Language of mails and text messages.' });

/** Texts of one subject, in every language. */
export type Catalogue<T> = Readonly<Record<Locale, T>>;

const FALLBACK: Locale = 'en';

/** A language with what follows its primary tag, and a weight from 0 to 1 (RFC 9110, 12.4.2). */
const RANGE = /^([a-z]{2,3})(?:-[a-z\d-]+)?(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/** The primary tags of an `Accept-Language`, what is wanted most first (RFC 9110, 12.5.4); without what has the weight 0 or cannot be read. */
export function acceptedLanguages(header = ''): readonly string[] {
  const ranges = header.split(',').flatMap((range) => {
    const [, tag, weight = '1'] = RANGE.exec(range.trim()) ?? [];
    return tag === undefined ? [] : [{ tag: tag.toLowerCase(), weight: Number(weight) }];
  });
  const accepted = ranges.filter(({ weight }) => weight > 0);
  return accepted.sort((one, other) => other.weight - one.weight).map(({ tag }) => tag);
}

/** The language that an `Accept-Language` wants most of those there are; undefined where it accepts none of them. */
export const acceptedLocale = (header?: string): Locale | undefined => firstKnown(acceptedLanguages(header));

type Tag = string | null | undefined;

/** The first of the languages wished for that there is, such as those of a reader, then of a store; else English. */
export const localeOf = (...wished: readonly Tag[]): Locale => firstKnown(wished) ?? FALLBACK;

function firstKnown(tags: readonly Tag[]): Locale | undefined {
  const known = tags.map((tag) => LOCALES.find((locale) => locale === tag?.split('-')[0]?.toLowerCase()));
  return known.find((locale) => locale !== undefined);
}
