import { digestOf } from '../../platform/security/secrets.ts';
import { Id } from '../../shared/ids.ts';

/** A refresh token as it was presented; the secret itself is not kept. */
export interface RefreshToken {
  readonly sessionId: Id;
  readonly digest: string;
}

const FORM = /^([a-f\d]{24})\.([\w-]{43})$/;

/** A token names its session, so that a reused one leads to the session it must end. */
export const writeRefreshToken = (sessionId: Id, secret: string): string => `${Id.encode(sessionId)}.${secret}`;

/** @returns undefined for what cannot have been written here. */
export function readRefreshToken(token: string): RefreshToken | undefined {
  const [, sessionId, secret] = FORM.exec(token) ?? [];
  if (sessionId === undefined || secret === undefined) return undefined;
  return { sessionId: Id.decode(sessionId), digest: digestOf(secret) };
}
