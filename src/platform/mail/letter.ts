import { escapeHtml } from '../../shared/html.ts';

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
  /** Below the paragraphs: what, and how much it costs. */
  readonly bill?: readonly BillRow[];
  /** What the reader is asked to do. */
  readonly action?: { readonly label: string; readonly url: string };
  /** Below all that. */
  readonly ending?: string;
  /** Small print, such as what to do with a mail that nobody asked for. */
  readonly footnote?: string;
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

/** Lays out a letter. All parts are plain text: whatever a user has typed into them shows as typed. */
export function writeLetter({ subject, greeting, paragraphs, bill, action, ending, footnote }: LetterParts): Letter {
  const blocks: readonly Block[] = [
    ...[greeting, ...paragraphs].map(paragraph),
    ...(bill === undefined ? [] : [billOf(bill)]),
    ...(action === undefined ? [] : [link(action)]),
    ...(ending === undefined ? [] : [paragraph(ending)]),
    ...(footnote === undefined ? [] : [{ text: footnote, html: `<p><small>${escapeHtml(footnote)}</small></p>` }]),
  ];
  const body = blocks.map(({ html }) => html).join('\n');
  return {
    subject: oneLine(subject),
    text: `${blocks.map(({ text }) => text).join('\n\n')}\n`,
    html: `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>${escapeHtml(subject)}</title>\n${body}\n</html>\n`,
  };
}

function paragraph(text: string): Block {
  return { text, html: `<p>${escapeHtml(text)}</p>` };
}

function link({ label, url }: NonNullable<LetterParts['action']>): Block {
  return { text: `${label}:\n${url}`, html: `<p><a href="${escapeHtml(url)}">${escapeHtml(label)}</a></p>` };
}

function billOf(rows: readonly BillRow[]): Block {
  const cells = rows.map(
    ({ what, price }) => `<tr><td>${escapeHtml(what)}</td><td align="right">${escapeHtml(price)}</td></tr>`,
  );
  return {
    text: rows.map(({ what, price }) => `  ${what}: ${price}`).join('\n'),
    html: `<table cellpadding="4">${cells.join('')}</table>`,
  };
}

/** A line break would end the header and begin another. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
