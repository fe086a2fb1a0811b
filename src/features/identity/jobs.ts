import { z } from 'zod';
import { asSystem } from '../../platform/database/scoped.ts';
import type { SendOnce } from '../../platform/mail/letter.ts';
import { jobHandler, type JobContract, type JobHandler } from '../../platform/queue/job.ts';
import type { LinkTokens } from '../../platform/security/links.ts';
import { Id } from '../../shared/ids.ts';
import type { Now } from '../../shared/time.ts';
import type { LetterReads } from './letter.reads.ts';
import { accountLetter } from './letters.ts';
import type { UserReads } from './user.reads.ts';

const LetterRef = z.strictObject({ letterId: Id });

export const sendAccountLetter: JobContract<typeof LetterRef> = {
  queue: 'email',
  name: 'account.send-letter',
  payload: LetterRef,
  idOf: ({ letterId }) => `account.send-letter-${Id.encode(letterId)}`,
};

export interface IdentityJobDeps {
  readonly letters: Pick<LetterReads, 'findToSend'>;
  readonly users: Pick<UserReads, 'findCards'>;
  readonly links: Pick<LinkTokens, 'issue'>;
  readonly publicUrl: string;
  readonly sendOnce: SendOnce;
  readonly now: Now;
}

export function identityJobs({
  letters,
  users,
  links,
  publicUrl,
  sendOnce,
  now,
}: IdentityJobDeps): readonly JobHandler[] {
  return [
    jobHandler({
      contract: sendAccountLetter,
      async handle(payload, signal) {
        const letter = await letters.findToSend(payload.letterId, now(), asSystem('mail about an account'));
        // Asked for with an address that nobody has, or of no use any more.
        if (letter === undefined || letter.userId === null) return;
        const reader = (await users.findCards([letter.userId])).get(Id.encode(letter.userId));
        if (reader === undefined) return;
        const token = links.issue(letter.kind, letter._id);
        const text = accountLetter(letter.kind, { reader, token, publicUrl });
        await sendOnce({ ...text, to: reader.email }, sendAccountLetter.idOf(payload), signal);
      },
    }),
  ];
}
