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
  /** What the reader is asked to do. */
  readonly action?: { readonly label: string; readonly url: string };
  /** Small print, such as what to do with a mail that nobody asked for. */
  readonly footnote?: string;
}

/** Lays out a letter. All parts are plain text: whatever a user has typed into them shows as typed. */
export function writeLetter({ subject, greeting, paragraphs, action, footnote }: LetterParts): Letter {
  const lines = [greeting, ...paragraphs, ...(action ? [`${action.label}:\n${action.url}`] : []), footnote];
  const body = [
    ...[greeting, ...paragraphs].map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    ...(action ? [`<p><a href="${escapeHtml(action.url)}">${escapeHtml(action.label)}</a></p>`] : []),
    ...(footnote === undefined ? [] : [`<p><small>${escapeHtml(footnote)}</small></p>`]),
  ];
  return {
    subject: oneLine(subject),
    text: `${lines.filter((line) => line !== undefined).join('\n\n')}\n`,
    html: `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>${escapeHtml(subject)}</title>\n${body.join('\n')}\n</html>\n`,
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as HTML shows it, in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** A line break would end the header and begin another. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
