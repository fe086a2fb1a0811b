import { z } from 'zod';
import { tooContended } from '../../platform/database/failures.ts';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import { invalidCursor } from '../../platform/security/cursors.ts';
import { Id } from '../../shared/ids.ts';
import { PageQuery } from '../../shared/page.ts';
import type { MemberService } from './member.service.ts';
import { lastOwner, memberNotFound } from './merchant.problems.ts';
import { ChangeRole, Member, MemberPage } from './merchant.schema.ts';

const MemberPath = z.strictObject({ userId: Id });

export const memberEndpoints = (members: MemberService): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/merchant/members',
    operationId: 'listMembers',
    summary: 'List who works for the store',
    permission: { scope: 'merchant', role: 'staff', apiKey: 'members:read' },
    input: z.object({ query: PageQuery }),
    output: MemberPage,
    status: 200,
    problems: [invalidCursor],
    queryBudget: 2,
    idempotent: false,
    handle: ({ query }, context) => members.list(context, query),
  }),

  endpoint({
    method: 'patch',
    path: '/merchant/members/:userId',
    operationId: 'changeMemberRole',
    summary: 'Give a member another role',
    permission: { scope: 'merchant', role: 'manager', apiKey: null },
    input: z.object({ params: MemberPath, body: ChangeRole }),
    output: Member,
    status: 200,
    problems: [memberNotFound, lastOwner, tooContended],
    queryBudget: 7,
    idempotent: false,
    handle: ({ params, body }, context) => members.changeRole(context, params.userId, body.role),
  }),

  endpoint({
    method: 'delete',
    path: '/merchant/members/:userId',
    operationId: 'removeMember',
    summary: 'Send a member away, or leave',
    // Whoever belongs to a store may leave it.
    permission: { scope: 'merchant', role: 'staff', apiKey: null },
    input: z.object({ params: MemberPath }),
    output: z.void(),
    status: 204,
    problems: [memberNotFound, lastOwner, tooContended],
    queryBudget: 6,
    idempotent: false,
    handle: ({ params }, context) => members.remove(context, params.userId),
  }),
];
