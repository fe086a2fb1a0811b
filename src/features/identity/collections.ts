import { signInAttempts } from './attempt.model.ts';
import { letters } from './letter.model.ts';
import { phoneProofs } from './phone-proof.model.ts';
import { sessions } from './session.model.ts';
import { users } from './user.model.ts';

/** All that the feature keeps, for migration and for the tests that walk the models. */
export const identityCollections = [users, sessions, letters, phoneProofs, signInAttempts] as const;
