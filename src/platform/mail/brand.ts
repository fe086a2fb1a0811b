import type { Locale } from '../../shared/locale.ts';

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

/** The platform's own. */
export const PLATFORM_BRAND: Brand = { name: 'Merchant Platform', logoUrl: null, accentColor: null };

const ACCENT = '#1f2937';

export const accentOf = ({ accentColor }: Brand): string =>
  accentColor !== null && /^#[\da-f]{6}$/i.test(accentColor) ? accentColor : ACCENT;

/** Black or white, whichever is easier to read on a color: WCAG 2.2, relative luminance and contrast ratio. */
export function readableOn(color: string): '#000000' | '#ffffff' {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => linear(parseInt(color.slice(at, at + 2), 16) / 255));
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const [onWhite, onBlack] = [1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05];
  return onBlack > onWhite ? '#000000' : '#ffffff';
}

const linear = (channel: number): number => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
