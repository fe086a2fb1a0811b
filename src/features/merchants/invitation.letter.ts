import type { Look } from '../../platform/mail/brand.ts';
import { writeLetter, type Letter } from '../../platform/mail/letter.ts';
import type { Catalogue } from '../../shared/locale.ts';
import type { MerchantRole } from '../identity/index.ts';

export interface InvitationFacts {
  /** Of the store that invites. */
  readonly look: Look;
  /** Undefined once the account is gone. */
  readonly inviterName: string | undefined;
  readonly role: MerchantRole;
  readonly token: string;
  /** Where users reach the platform; links begin with it. */
  readonly publicUrl: string;
}

interface Words {
  readonly subject: (store: string) => string;
  readonly hello: string;
  readonly somebody: string;
  readonly roles: Readonly<Record<MerchantRole, string>>;
  readonly invites: (inviter: string, store: string, role: string) => string;
  readonly how: string;
  readonly label: string;
  readonly unknown: string;
}

const texts: Catalogue<Words> = {
  en: {
    subject: (store) => `Join ${store}`,
    hello: 'Hello,',
    somebody: 'Somebody',
    roles: { owner: 'owner', manager: 'manager', staff: 'staff' },
    invites: (inviter, store, role) => `${inviter} invites you to ${store}, with the role ${role}.`,
    how: 'Sign in, or sign up with this address, then accept. The link works for seven days.',
    label: 'Accept the invitation',
    unknown: 'If you do not know this store, you need not do anything.',
  },
  de: {
    subject: (store) => `Einladung zu ${store}`,
    hello: 'Guten Tag,',
    somebody: 'Jemand',
    roles: { owner: 'Inhaber', manager: 'Leitung', staff: 'Team' },
    invites: (inviter, store, role) => `${inviter} lädt Sie zu ${store} ein, mit der Rolle ${role}.`,
    how: 'Melden Sie sich an, oder legen Sie mit dieser Adresse ein Konto an, und nehmen Sie an. Der Link gilt sieben Tage.',
    label: 'Einladung annehmen',
    unknown: 'Wenn Sie dieses Geschäft nicht kennen, brauchen Sie nichts zu tun.',
  },
};

export function invitationLetter({ look, inviterName, role, token, publicUrl }: InvitationFacts): Letter {
  const words = texts[look.locale];
  const store = look.brand.name;
  return writeLetter({
    look,
    subject: words.subject(store),
    greeting: words.hello,
    paragraphs: [words.invites(inviterName ?? words.somebody, store, words.roles[role]), words.how],
    action: { label: words.label, url: `${publicUrl}/accept-invitation?token=${token}` },
    footnote: words.unknown,
  });
}
