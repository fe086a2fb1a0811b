import { z } from 'zod';
import { tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import { PageQuery } from '../../shared/page.ts';
import { linkNotValid } from '../identity/index.ts';
import type { InvitationService } from './invitation.service.ts';
import { alreadyMember, invitationNotFound } from './merchant.problems.ts';
import { AcceptInvitation, InvitationPage, InvitationView, Invite, Joined } from './merchant.schema.ts';

const canRead = { scope: 'merchant', role: 'manager', apiKey: 'members:read' } as const;
/** Whom somebody may invite depends on the role; a key has none. */
const canWrite = { scope: 'merchant', role: 'manager', apiKey: null } as const;

export const invitationEndpoints = (invitations: InvitationService): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/merchant/invitations',
    operationId: 'listInvitations',
    summary: 'List invitations that are open',
    permission: canRead,
    input: z.object({ query: PageQuery }),
    output: InvitationPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 1,
    idempotent: false,
    handle: ({ query }, context) => invitations.list(context, query),
  }),

  endpoint({
    method: 'post',
    path: '/merchant/invitations',
    operationId: 'inviteMember',
    summary: 'Invite somebody by mail; takes the place of an earlier invitation to the address',
    permission: canWrite,
    input: z.object({ body: Invite }),
    output: InvitationView,
    status: 201,
    problems: [tooContended],
    queryBudget: 5,
    idempotent: false,
    limits: [{ quota: 100, windowSeconds: 3_600, per: 'tenant' }],
    handle: ({ body }, context) => invitations.invite(context, body),
  }),

  endpoint({
    method: 'delete',
    path: '/merchant/invitations/:invitationId',
    operationId: 'withdrawInvitation',
    summary: 'Withdraw an invitation',
    permission: canWrite,
    input: z.object({ params: z.strictObject({ invitationId: Id }) }),
    output: z.void(),
    status: 204,
    problems: [invitationNotFound, tooContended],
    queryBudget: 4,
    idempotent: false,
    handle: ({ params }, context) => invitations.withdraw(context, params.invitationId),
  }),

  endpoint({
    method: 'post',
    path: '/invitations/accept',
    operationId: 'acceptInvitation',
    summary: 'Join a store with the token of an invitation',
    permission: { scope: 'user' },
    input: z.object({ body: AcceptInvitation }),
    output: Joined,
    status: 200,
    problems: [linkNotValid, alreadyMember, tooContended],
    queryBudget: 6,
    idempotent: false,
    handle: ({ body }, context) => invitations.accept(context, body.token),
  }),
];
