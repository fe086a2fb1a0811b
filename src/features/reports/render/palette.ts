import { channelsOf, luminanceOf } from '../../../shared/color.ts';

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
