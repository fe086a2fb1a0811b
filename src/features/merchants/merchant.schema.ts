import { z } from 'zod';
import { Email } from '../../shared/email.ts';
import { Id } from '../../shared/ids.ts';
import { Locale } from '../../shared/locale.ts';
import { pageOf } from '../../shared/page.ts';
import { Timestamp, TimeZone } from '../../shared/time.ts';
import { MERCHANT_ROLES } from '../identity/index.ts';

export const Slug = z
  .string()
  .min(3)
  .max(50)
  .regex(/^[a-z\d]+(-[a-z\d]+)*$/, 'must be lower-case letters and digits, in words joined by -')
  .meta({ examples: ['blue-mug'] });

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));
const Currency = z
  .string()
  .max(3)
  .refine((code) => CURRENCIES.has(code), 'must be an ISO 4217 currency')
  .meta({ examples: ['EUR'] });

const Name = z.string().trim().min(1).max(100);
const Description = z.string().trim().max(2_000);
const Role = z.enum(MERCHANT_ROLES);

const Branding = z
  .strictObject({
    logoUrl: z
      .url({ protocol: /^https$/, error: 'must be an https URL' })
      .max(500)
      .nullable(),
    accentColor: z
      .string()
      .regex(/^#[\da-f]{6}$/i, 'must be a color such as #1e90ff')
      .nullable(),
  })
  .meta({ id: 'Branding' });

export const OpenStore = z
  .strictObject({
    slug: Slug,
    name: Name,
    description: Description.default(''),
    currency: Currency.default('EUR'),
    timeZone: TimeZone.default('UTC'),
    locale: Locale.default('en'),
  })
  .meta({ id: 'OpenStore' });
export type OpenStore = z.output<typeof OpenStore>;

export const EditProfile = z
  .strictObject({ name: Name.optional(), description: Description.optional() })
  .meta({ id: 'EditProfile' });

export const EditSettings = z
  .strictObject({
    currency: Currency.optional(),
    timeZone: TimeZone.optional(),
    branding: Branding.optional(),
    locale: Locale.optional(),
  })
  .meta({ id: 'EditSettings' });

/** A store as everybody sees it. */
export const StoreProfile = z
  .strictObject({
    id: Id,
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    currency: z.string(),
    branding: Branding,
  })
  .meta({ id: 'StoreProfile' });
export type StoreProfile = z.input<typeof StoreProfile>;

/** A store as those who work for it see it. */
export const StoreView = z
  .strictObject({ ...StoreProfile.shape, timeZone: z.string(), locale: Locale, version: z.int(), createdAt: Timestamp })
  .meta({ id: 'Store' });
export type StoreView = z.input<typeof StoreView>;

/** One of the stores that somebody belongs to. */
export const OwnStore = z
  .strictObject({ id: Id, slug: z.string(), name: z.string(), role: Role, joinedAt: Timestamp })
  .meta({ id: 'OwnStore' });
export type OwnStore = z.input<typeof OwnStore>;
export const OwnStorePage = pageOf(OwnStore).meta({ id: 'OwnStorePage' });

/** Somebody of a store, as the others of it see them. Name and address are null once the account is gone. */
export const Member = z
  .strictObject({
    userId: Id,
    name: z.string().nullable(),
    email: z.string().nullable(),
    role: Role,
    joinedAt: Timestamp,
  })
  .meta({ id: 'Member' });
export type Member = z.input<typeof Member>;
export const MemberPage = pageOf(Member).meta({ id: 'MemberPage' });

export const ChangeRole = z.strictObject({ role: Role }).meta({ id: 'ChangeRole' });

export const Invite = z.strictObject({ email: Email, role: Role }).meta({ id: 'Invite' });
export type Invite = z.output<typeof Invite>;

export const InvitationView = z
  .strictObject({ id: Id, email: z.string(), role: Role, invitedAt: Timestamp, expiresAt: Timestamp })
  .meta({ id: 'Invitation' });
export type InvitationView = z.input<typeof InvitationView>;
export const InvitationPage = pageOf(InvitationView).meta({ id: 'InvitationPage' });

export const AcceptInvitation = z.strictObject({ token: z.string().min(1).max(128) }).meta({ id: 'AcceptInvitation' });

/** Which store somebody has joined, and as what. */
export const Joined = z.strictObject({ merchantId: Id, role: Role }).meta({ id: 'Joined' });
export type Joined = z.input<typeof Joined>;
