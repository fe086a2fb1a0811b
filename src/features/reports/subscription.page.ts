import type { Callback } from '../../platform/http/callbacks.ts';
import { confirmPage, languageOf, tokenOf } from '../../platform/http/confirm-page.ts';
import type { Catalogue } from '../../shared/locale.ts';
import { Problem } from '../../shared/problem.ts';
import { linkNotValid } from '../identity/index.ts';
import type { ReportSubscribers } from './report.subscribers.ts';

interface Words {
  readonly title: string;
  readonly end: string;
  readonly ended: string;
}

const texts: Catalogue<Words> = {
  en: {
    title: 'Reports by mail',
    end: 'Send me no more of them',
    ended: 'You get no more mails of this report. The store can add your address again.',
  },
  de: {
    title: 'Berichte per E-Mail',
    end: 'Keine mehr senden',
    ended: 'Sie erhalten diesen Bericht nicht mehr. Das Geschäft kann Ihre Adresse wieder eintragen.',
  },
};

/** Where the link in the mail of a scheduled report leads. A look at it changes nothing: programs that check mails follow links. */
export const reportSubscriptionCallback = (subscribers: Pick<ReportSubscribers, 'end'>): Callback => ({
  path: '/report-subscriptions',
  page: (request) => {
    const locale = languageOf(request);
    const { title, end } = texts[locale];
    return confirmPage({ locale, title, button: { label: end, value: 'no' } });
  },
  handle: async (request) => {
    if (!(await subscribers.end(tokenOf(request)))) throw new Problem(linkNotValid, 'Take the link of a newer mail');
    const locale = languageOf(request);
    return confirmPage({ locale, title: texts[locale].title, message: texts[locale].ended });
  },
});
