import { escapeHtml } from '../../shared/html.ts';
import { acceptedLocale, localeOf, type Locale } from '../../shared/locale.ts';
import type { CallbackRequest } from './callbacks.ts';

export interface ConfirmPage {
  readonly locale: Locale;
  readonly title: string;
  readonly message?: string;
  /** What a press does; without it there is nothing more to do. */
  readonly button?: { readonly label: string; readonly value: string };
}

/** The language of whoever opens a link in a mail. */
export const languageOf = ({ header }: Pick<CallbackRequest, 'header'>): Locale =>
  localeOf(acceptedLocale(header('accept-language')));

/** What proves whose link it is; empty where it was left out. */
export const tokenOf = ({ url }: Pick<CallbackRequest, 'url'>): string => new URL(url).searchParams.get('token') ?? '';

/** A page with one button that posts to its own address, as the field `wanted`. Programs that check mails press none. */
export function confirmPage({ locale, title, message = '', button }: ConfirmPage): string {
  const form =
    button === undefined
      ? ''
      : `<form method="post"><button name="wanted" value="${escapeHtml(button.value)}">${escapeHtml(button.label)}</button></form>`;
  return `<!doctype html>
<html lang="${locale}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem }
  button { font: inherit; padding: .75rem 1.5rem }
</style>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(message)}</p>
${form}
</html>
`;
}
