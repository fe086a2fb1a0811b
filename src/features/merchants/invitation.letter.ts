import { writeLetter, type Letter } from '../../platform/mail/letter.ts';
import type { MerchantRole } from '../identity/index.ts';

export interface InvitationFacts {
  readonly storeName: string;
  /** Undefined once the account is gone. */
  readonly inviterName: string | undefined;
  readonly role: MerchantRole;
  readonly token: string;
  /** Where users reach the platform; links begin with it. */
  readonly publicUrl: string;
}

export function invitationLetter({ storeName, inviterName, role, token, publicUrl }: InvitationFacts): Letter {
  return writeLetter({
    subject: `Join ${storeName}`,
    greeting: 'Hello,',
    paragraphs: [
      `${inviterName ?? 'Somebody'} invites you to ${storeName}, with the role ${role}.`,
      'Sign in, or sign up with this address, then accept. The link works for seven days.',
    ],
    action: { label: 'Accept the invitation', url: `${publicUrl}/accept-invitation?token=${token}` },
    footnote: 'If you do not know this store, you need not do anything.',
  });
}
