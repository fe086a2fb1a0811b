import { z } from 'zod';
import { lookOf } from '../../platform/mail/brand.ts';
import type { SendOnce } from '../../platform/mail/letter.ts';
import { jobHandler, type JobContract, type JobHandler } from '../../platform/queue/job.ts';
import type { LinkTokens } from '../../platform/security/links.ts';
import { Id } from '../../shared/ids.ts';
import type { Now } from '../../shared/time.ts';
import type { UserReads } from '../identity/index.ts';
import { invitationLetter } from './invitation.letter.ts';
import type { InvitationReads } from './invitation.reads.ts';
import type { MerchantReads } from './merchant.reads.ts';

const InvitationRef = z.strictObject({ merchantId: Id, invitationId: Id });

export const sendInvitation: JobContract<typeof InvitationRef> = {
  queue: 'email',
  name: 'merchant.send-invitation',
  payload: InvitationRef,
  idOf: ({ invitationId }) => `merchant.send-invitation-${Id.encode(invitationId)}`,
};

/** What the link in an invitation does. */
export const INVITATION_LINK = 'accept-invitation';

export interface MerchantJobDeps {
  readonly merchants: Pick<MerchantReads, 'findStore'>;
  readonly invitations: Pick<InvitationReads, 'findToSend'>;
  readonly users: Pick<UserReads, 'findCards'>;
  readonly links: Pick<LinkTokens, 'issue'>;
  readonly publicUrl: string;
  readonly sendOnce: SendOnce;
  readonly now: Now;
}

export function merchantJobs(deps: MerchantJobDeps): readonly JobHandler[] {
  const { merchants, invitations, users, links, publicUrl, sendOnce, now } = deps;
  return [
    jobHandler({
      contract: sendInvitation,
      async handle(payload, signal) {
        const { merchantId, invitationId } = payload;
        const scope = { kind: 'merchant', merchantId } as const;
        const invitation = await invitations.findToSend(invitationId, now(), { scope });
        const store = await merchants.findStore(merchantId);
        // Withdrawn in the meantime, or put in the place of by a newer one.
        if (invitation === undefined || store === undefined) return;
        const { email, role, invitedBy } = invitation;
        const inviterName = (await users.findCards([invitedBy])).get(Id.encode(invitedBy))?.name;
        const token = links.issue(INVITATION_LINK, invitationId);
        const letter = invitationLetter({ look: lookOf(store), inviterName, role, token, publicUrl });
        await sendOnce({ ...letter, to: email }, sendInvitation.idOf(payload), signal);
      },
    }),
  ];
}
