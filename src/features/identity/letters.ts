import { writeLetter, type Letter } from '../../platform/mail/letter.ts';
import type { LetterKind } from './letter.model.ts';
import type { UserCard } from './user.reads.ts';

/** What a letter about an account is made of. */
export interface LetterContent {
  readonly reader: Pick<UserCard, 'name'>;
  /** Of the link's purpose and this letter. */
  readonly token: string;
  /** Where users reach the platform; links begin with it. */
  readonly publicUrl: string;
}

const NOT_ASKED = 'If you did not ask for this, you need not do anything.';

/** The mail of each kind. */
export const accountLetters: Readonly<Record<LetterKind, (content: LetterContent) => Letter>> = {
  'verify-email': ({ reader, token, publicUrl }) =>
    writeLetter({
      subject: 'Confirm your e-mail address',
      greeting: `Hello ${reader.name},`,
      paragraphs: ['please confirm that this is your address. The link works for three days.'],
      action: { label: 'Confirm my address', url: `${publicUrl}/verify-email?token=${token}` },
      footnote: NOT_ASKED,
    }),
  'reset-password': ({ reader, token, publicUrl }) =>
    writeLetter({
      subject: 'Set a new password',
      greeting: `Hello ${reader.name},`,
      paragraphs: [
        'with this link you can set a new password. It works once, for one hour, and signs you out everywhere.',
      ],
      action: { label: 'Set a new password', url: `${publicUrl}/reset-password?token=${token}` },
      footnote: NOT_ASKED,
    }),
  'sign-up-repeated': ({ reader, publicUrl }) =>
    writeLetter({
      subject: 'You have an account already',
      greeting: `Hello ${reader.name},`,
      paragraphs: ['somebody has signed up with your address, which has an account already. Nothing was changed.'],
      action: { label: 'Set a new password, if you have forgotten yours', url: `${publicUrl}/forgot-password` },
      footnote: NOT_ASKED,
    }),
};
