import { writeLetter, type Letter } from '../../platform/mail/letter.ts';

export interface ReportLetterFacts {
  readonly storeName: string;
  readonly title: string;
  /** What it tells of, in words. */
  readonly period: string;
  readonly url: string;
  readonly expiresAt: Date;
}

export function reportLetter({ storeName, title, period, url, expiresAt }: ReportLetterFacts): Letter {
  const until = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(expiresAt);
  return writeLetter({
    subject: `${title} of ${storeName}, ${period}`,
    greeting: 'Hello,',
    paragraphs: [`the report you asked for is ready: ${title} of ${storeName}, ${period}.`],
    action: { label: 'Download the report', url },
    footnote: `The link works until ${until}, for everybody who has it: pass it on to nobody who must not see these figures.`,
  });
}
