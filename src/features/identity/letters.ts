import { PLATFORM_BRAND } from '../../platform/mail/brand.ts';
import { writeLetter, type Letter } from '../../platform/mail/letter.ts';
import { localeOf, type Catalogue } from '../../shared/locale.ts';
import type { LetterKind } from './letter.model.ts';
import type { UserCard } from './user.reads.ts';

/** What a letter about an account is made of. */
export interface LetterContent {
  readonly reader: Pick<UserCard, 'locale' | 'name'>;
  /** Of the link's purpose and this letter. */
  readonly token: string;
  /** Where users reach the platform; links begin with it. */
  readonly publicUrl: string;
}

interface LetterWords {
  readonly subject: string;
  readonly message: string;
  readonly label: string;
}

interface Words {
  readonly hello: (name: string) => string;
  readonly notAsked: string;
  readonly letters: Readonly<Record<LetterKind, LetterWords>>;
}

const texts: Catalogue<Words> = {
  en: {
    hello: (name) => `Hello ${name},`,
    notAsked: 'If you did not ask for this, you need not do anything.',
    letters: {
      'verify-email': {
        subject: 'Confirm your e-mail address',
        message: 'please confirm that this is your address. The link works for three days.',
        label: 'Confirm my address',
      },
      'reset-password': {
        subject: 'Set a new password',
        message:
          'with this link you can set a new password. It works once, for one hour, and signs you out everywhere.',
        label: 'Set a new password',
      },
      'sign-up-repeated': {
        subject: 'You have an account already',
        message: 'somebody has signed up with your address, which has an account already. Nothing was changed.',
        label: 'Set a new password, if you have forgotten yours',
      },
    },
  },
  de: {
    hello: (name) => `Guten Tag ${name},`,
    notAsked: 'Wenn Sie das nicht veranlasst haben, brauchen Sie nichts zu tun.',
    letters: {
      'verify-email': {
        subject: 'Bestätigen Sie Ihre E-Mail-Adresse',
        message: 'bitte bestätigen Sie, dass dies Ihre Adresse ist. Der Link gilt drei Tage.',
        label: 'Adresse bestätigen',
      },
      'reset-password': {
        subject: 'Neues Passwort setzen',
        message:
          'mit diesem Link setzen Sie ein neues Passwort. Er gilt einmal, eine Stunde lang, und meldet Sie überall ab.',
        label: 'Neues Passwort setzen',
      },
      'sign-up-repeated': {
        subject: 'Sie haben schon ein Konto',
        message:
          'jemand wollte sich mit Ihrer Adresse registrieren, die schon ein Konto hat. Es wurde nichts geändert.',
        label: 'Neues Passwort setzen, falls Sie Ihres vergessen haben',
      },
    },
  },
};

const PATHS: Readonly<Record<LetterKind, (token: string) => string>> = {
  'verify-email': (token) => `/verify-email?token=${token}`,
  'reset-password': (token) => `/reset-password?token=${token}`,
  'sign-up-repeated': () => '/forgot-password',
};

/** The mail of each kind, in the reader's language. */
export function accountLetter(kind: LetterKind, { reader, token, publicUrl }: LetterContent): Letter {
  const locale = localeOf(reader.locale);
  const { hello, notAsked, letters } = texts[locale];
  const { subject, message, label } = letters[kind];
  return writeLetter({
    look: { brand: PLATFORM_BRAND, locale },
    subject,
    greeting: hello(reader.name),
    paragraphs: [message],
    action: { label, url: publicUrl + PATHS[kind](token) },
    footnote: notAsked,
  });
}
