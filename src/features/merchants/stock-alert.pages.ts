import type { Callback } from '../../platform/http/callbacks.ts';
import { confirmPage, languageOf, tokenOf } from '../../platform/http/confirm-page.ts';
import type { Catalogue, Locale } from '../../shared/locale.ts';
import { Problem } from '../../shared/problem.ts';
import { linkNotValid } from '../identity/index.ts';
import type { StockAlerts } from './stock-alerts.ts';

interface Words {
  readonly title: string;
  readonly end: string;
  readonly ended: string;
  readonly again: string;
  readonly begun: string;
}

const texts: Catalogue<Words> = {
  en: {
    title: 'Mails about low stock',
    end: 'Send me no more of them',
    ended: 'You get no more mails about low stock of this store.',
    again: 'Send them again',
    begun: 'You get mails about low stock of this store again.',
  },
  de: {
    title: 'Mails über niedrigen Bestand',
    end: 'Keine mehr senden',
    ended: 'Sie erhalten keine Mails mehr über niedrigen Bestand dieses Geschäfts.',
    again: 'Wieder senden',
    begun: 'Sie erhalten wieder Mails über niedrigen Bestand dieses Geschäfts.',
  },
};

/** Where the link in a mail about low stock leads. A look at it changes nothing: programs that check mails follow links. */
export const stockAlertCallback = (alerts: Pick<StockAlerts, 'setWanted'>): Callback => ({
  path: '/stock-alerts',
  page: (request) => {
    const locale = languageOf(request);
    return pageOf(locale, '', texts[locale].end, 'no');
  },
  handle: async (request) => {
    // Mail programs post without it (RFC 8058).
    const wanted = request.fields.wanted === 'yes';
    if (!(await alerts.setWanted(tokenOf(request), wanted))) {
      throw new Problem(linkNotValid, 'Take the link of a newer mail');
    }
    const locale = languageOf(request);
    const { ended, again, begun, end } = texts[locale];
    return wanted ? pageOf(locale, begun, end, 'no') : pageOf(locale, ended, again, 'yes');
  },
});

function pageOf(locale: Locale, message: string, label: string, wanted: 'no' | 'yes'): string {
  return confirmPage({ locale, title: texts[locale].title, message, button: { label, value: wanted } });
}
