export const INK = '#1f2937';
export const MUTED = '#6b7280';
export const LINE = '#e5e7eb';
export const SHADE = '#f9fafb';

const USUAL_ACCENT = '#2563eb';
// Lighter than this a colour can hardly be seen on paper, nor white on it (WCAG 2, relative luminance).
const MAX_LUMINANCE = 0.45;

/** A store's colour, darkened as far as it must be to show on white paper. */
export function accentOf(color: string | null): string {
  let channels = channelsOf(color ?? USUAL_ACCENT);
  while (luminanceOf(channels) > MAX_LUMINANCE) channels = channels.map((channel) => channel * 0.9);
  return `#${channels.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('')}`;
}

const channelsOf = (color: string): number[] => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

function luminanceOf(channels: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
