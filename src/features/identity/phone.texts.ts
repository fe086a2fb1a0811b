import { PLATFORM_BRAND } from '../../platform/mail/brand.ts';
import type { Catalogue, Locale } from '../../shared/locale.ts';

const texts: Catalogue<(code: string, sender: string) => string> = {
  en: (code, sender) => `${code} is your code from ${sender}. It works for 10 minutes. Give it to nobody.`,
  de: (code, sender) => `${code} ist Ihr Code von ${sender}. Er gilt 10 Minuten. Geben Sie ihn niemandem.`,
};

/** The text message that proves a phone number. The code comes first, where a locked screen shows it. */
export const codeText = (code: string, locale: Locale): string => texts[locale](code, PLATFORM_BRAND.name);
