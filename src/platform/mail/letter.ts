import { escapeHtml } from '../../shared/html.ts';
import { PLATFORM_BRAND, type Look } from './brand.ts';
import { pageOf, STYLES } from './letter.html.ts';

/** A mail without its recipient, as text and as HTML for the same reader. */
export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Sends a letter once per `effectId`, however often it is asked. */
export type SendOnce = (
  letter: Letter & { readonly to: string },
  effectId: string,
  signal: AbortSignal,
) => Promise<void>;

export interface LetterParts {
  readonly subject: string;
  readonly greeting: string;
  readonly paragraphs: readonly string[];
  /** Below the paragraphs: what, and how much it costs. The last row is the sum of the others when `hasTotal` says so. */
  readonly bill?: readonly BillRow[];
  readonly hasTotal?: boolean;
  /** What the reader is asked to do. */
  readonly action?: { readonly label: string; readonly url: string };
  /** Below all that. */
  readonly ending?: string;
  /** Small print, such as what to do with a mail that nobody asked for. */
  readonly footnote?: string;
  /** For mails that are sent unasked: how to end them. */
  readonly unsubscribe?: { readonly label: string; readonly url: string };
  /** The platform's own, in English, unless said otherwise. */
  readonly look?: Look;
}

export interface BillRow {
  readonly what: string;
  readonly price: string;
}

/** One part of a letter in both forms: whoever reads plain text reads the same. */
interface Block {
  readonly text: string;
  readonly html: string;
}

const PLAIN: Look = { brand: PLATFORM_BRAND, locale: 'en' };

/** Lays out a letter. All parts are plain text: whatever a user has typed into them shows as typed. */
export function writeLetter({ subject, look = PLAIN, ...parts }: LetterParts): Letter {
  const blocks = bodyOf(parts, look);
  const small = smallPrintOf(parts);
  const html = pageOf({
    look,
    title: subject,
    body: blocks.map((block) => block.html).join('\n'),
    footer: small.map((block) => block.html).join('\n'),
  });
  return { subject: oneLine(subject), text: `${[...blocks, ...small].map(({ text }) => text).join('\n\n')}\n`, html };
}

type Body = Omit<LetterParts, 'look' | 'subject'>;

function bodyOf({ greeting, paragraphs, bill, hasTotal = false, action, ending }: Body, look: Look): readonly Block[] {
  return [
    ...[greeting, ...paragraphs].map((text) => paragraph(text, STYLES.paragraph)),
    ...(bill === undefined ? [] : [billOf(bill, hasTotal)]),
    ...(action === undefined ? [] : [button(action, look)]),
    ...(ending === undefined ? [] : [paragraph(ending, STYLES.paragraph)]),
  ];
}

function smallPrintOf({ footnote, unsubscribe }: Body): readonly Block[] {
  return [
    ...(footnote === undefined ? [] : [paragraph(footnote, STYLES.small)]),
    ...(unsubscribe === undefined ? [] : [smallLink(unsubscribe)]),
  ];
}

function paragraph(text: string, style: string): Block {
  return { text, html: `<p style="${style}">${escapeHtml(text)}</p>` };
}

/** The address is written out below, for those whose program shows no button. */
function button({ label, url }: NonNullable<LetterParts['action']>, look: Look): Block {
  const href = escapeHtml(url);
  const html = `<p style="${STYLES.paragraph}"><a href="${href}" style="${STYLES.button(look)}">${escapeHtml(label)}</a></p>
<p style="${STYLES.small}"><a href="${href}" style="${STYLES.link}">${href}</a></p>`;
  return { text: `${label}:\n${url}`, html };
}

function smallLink({ label, url }: NonNullable<LetterParts['unsubscribe']>): Block {
  const html = `<p style="${STYLES.small}"><a href="${escapeHtml(url)}" style="${STYLES.link}">${escapeHtml(label)}</a></p>`;
  return { text: `${label}:\n${url}`, html };
}

function billOf(rows: readonly BillRow[], hasTotal: boolean): Block {
  const cells = rows.map(({ what, price }, index) => {
    const style = hasTotal && index === rows.length - 1 ? STYLES.total : STYLES.cell;
    return `<tr><td style="${style}">${escapeHtml(what)}</td><td align="right" style="${style}${STYLES.price}">${escapeHtml(price)}</td></tr>`;
  });
  return {
    text: rows.map(({ what, price }) => `  ${what}: ${price}`).join('\n'),
    html: `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="${STYLES.bill}">${cells.join('')}</table>`,
  };
}

/** A line break would end the header and begin another. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
