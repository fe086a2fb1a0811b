import { z } from 'zod';
import { Email } from '../../shared/email.ts';
import { Id } from '../../shared/ids.ts';
import { Locale } from '../../shared/locale.ts';
import { Timestamp } from '../../shared/time.ts';
import { PLATFORM_ROLES } from './roles.ts';

// Of every length that a hash costs the same for; anything at sign-in, so that the rules may change.
const AnyPassword = z.string().min(1).max(128).normalize('NFKC');
const NewPassword = z.string().min(10, 'must have at least 10 characters').max(128).normalize('NFKC');

const LinkToken = z.string().min(1).max(128);

export const SignUp = z
  .strictObject({
    email: Email,
    password: NewPassword,
    name: z.string().trim().min(1).max(100),
    locale: Locale.optional(),
  })
  .meta({ id: 'SignUp' });
export type SignUp = z.output<typeof SignUp>;

export const SignIn = z.strictObject({ email: Email, password: AnyPassword }).meta({ id: 'SignIn' });
export type SignIn = z.output<typeof SignIn>;

export const Refresh = z.strictObject({ refreshToken: z.string().min(1).max(128) }).meta({ id: 'Refresh' });

export const VerifyEmail = z.strictObject({ token: LinkToken }).meta({ id: 'VerifyEmail' });

export const ForgotPassword = z.strictObject({ email: Email }).meta({ id: 'ForgotPassword' });

export const ResetPassword = z.strictObject({ token: LinkToken, password: NewPassword }).meta({ id: 'ResetPassword' });
export type ResetPassword = z.output<typeof ResetPassword>;

/** Says that a mail is on its way if there is somebody to send it to, and nothing else. */
export const Accepted = z.strictObject({ next: z.literal('read-your-mail') }).meta({ id: 'Accepted' });
export type Accepted = z.input<typeof Accepted>;

export const Tokens = z
  .strictObject({
    accessToken: z.string(),
    tokenType: z.literal('Bearer'),
    /** Of the access token, in seconds. */
    expiresIn: z.int(),
    refreshToken: z.string(),
  })
  .meta({ id: 'Tokens' });
export type Tokens = z.input<typeof Tokens>;

/** Somebody's own account, as the API shows it. */
export const UserView = z
  .strictObject({
    id: Id,
    email: z.string(),
    name: z.string(),
    role: z.enum(PLATFORM_ROLES),
    emailVerified: z.boolean(),
    locale: Locale.nullable(),
    phone: z.string().nullable().meta({ description: 'In E.164, once it is proven' }),
    orderTexts: z.boolean().meta({ description: 'Whether messages about orders come by text as well' }),
    createdAt: Timestamp,
  })
  .meta({ id: 'User' });
export type UserView = z.input<typeof UserView>;
