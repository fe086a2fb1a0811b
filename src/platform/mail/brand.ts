import { channelsOf, luminanceOf } from '../../shared/color.ts';
import { localeOf, type Locale } from '../../shared/locale.ts';

/** In whose name a letter is written. */
export interface Brand {
  readonly name: string;
  readonly logoUrl: string | null;
  /** `#rrggbb`. */
  readonly accentColor: string | null;
}

/** How a letter looks, and in which language. */
export interface Look {
  readonly brand: Brand;
  readonly locale: Locale;
}

/** A store, as far as its letters must know. */
export interface Sender {
  readonly name: string;
  readonly branding: Omit<Brand, 'name'>;
  readonly locale: string;
}

/** How a store writes: in the reader's language if it is known and there are texts in it, else in its own. */
export const lookOf = ({ name, branding, locale }: Sender, readersLocale?: string | null): Look => ({
  brand: { name, logoUrl: branding.logoUrl, accentColor: branding.accentColor },
  locale: localeOf(readersLocale, locale),
});

/** The platform's own. */
export const PLATFORM_BRAND: Brand = { name: 'Merchant Platform', logoUrl: null, accentColor: null };

const ACCENT = '#1f2937';

export const accentOf = ({ accentColor }: Brand): string =>
  accentColor !== null && /^#[\da-f]{6}$/i.test(accentColor) ? accentColor : ACCENT;

/** Black or white, whichever is easier to read on a color: WCAG 2.2, contrast ratio. */
export function readableOn(color: string): '#000000' | '#ffffff' {
  const luminance = luminanceOf(channelsOf(color));
  const [onWhite, onBlack] = [1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05];
  return onBlack > onWhite ? '#000000' : '#ffffff';
}
