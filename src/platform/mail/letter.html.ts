import { escapeHtml } from '../../shared/html.ts';
import { accentOf, readableOn, type Brand, type Look } from './brand.ts';

// Inline, and laid out by tables: mail programs drop style sheets and know little else.
const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;";
const INK = '#1f2937';
const FAINT = '#6b7280';
const LINE = '#e5e7eb';

export const STYLES = {
  paragraph: `margin:0 0 16px;${FONT}font-size:16px;line-height:24px;color:${INK};`,
  small: `margin:0 0 8px;${FONT}font-size:13px;line-height:20px;color:${FAINT};overflow-wrap:anywhere;`,
  link: `color:${FAINT};`,
  bill: `margin:0 0 16px;border-top:1px solid ${LINE};`,
  cell: `padding:10px 0;border-bottom:1px solid ${LINE};${FONT}font-size:15px;line-height:22px;color:${INK};vertical-align:top;`,
  total: `padding:12px 0;${FONT}font-size:15px;line-height:22px;font-weight:bold;color:${INK};`,
  price: 'padding-left:16px;white-space:nowrap;',
  button: ({ brand }: Look): string => {
    const accent = accentOf(brand);
    return `display:inline-block;padding:12px 24px;border-radius:6px;background:${accent};${FONT}font-size:16px;line-height:24px;font-weight:bold;color:${readableOn(accent)};text-decoration:none;`;
  },
} as const;

export interface LetterPage {
  readonly look: Look;
  readonly title: string;
  /** HTML already. */
  readonly body: string;
  readonly footer: string;
}

/** A letter as mail programs show it: a card in the middle of the page, the sender's name or logo above. */
export function pageOf({ look, title, body, footer }: LetterPage): string {
  const { brand, locale } = look;
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escapeHtml(title)}</title>
</head>
<body style="margin:0;padding:0;background:#f3f4f6;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f3f4f6;">
<tr><td align="center" style="padding:24px 12px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;background:#ffffff;border:1px solid ${LINE};border-top:4px solid ${accentOf(brand)};border-radius:8px;">
<tr><td style="padding:24px 32px 0;">${headOf(brand)}</td></tr>
<tr><td style="padding:24px 32px 16px;">
${body}
</td></tr>
</table>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;">
<tr><td style="padding:16px 32px;">
${footer}
<p style="${STYLES.small}">${escapeHtml(brand.name)}</p>
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
}

/** A logo whose picture is not loaded shows the name. */
function headOf({ name, logoUrl }: Brand): string {
  const style = `${FONT}font-size:20px;line-height:28px;font-weight:bold;color:${INK};`;
  if (logoUrl === null) return `<div style="${style}">${escapeHtml(name)}</div>`;
  return `<img src="${escapeHtml(logoUrl)}" alt="${escapeHtml(name)}" height="40" style="display:block;height:40px;max-width:100%;border:0;${style}">`;
}
