import { z } from 'zod';
import { endpoint, type Endpoint } from '../../platform/http/endpoint.ts';
import type { Screen, Section } from '../../platform/http/section.ts';
import type { PrefetchService } from './prefetch.service.ts';

const SectionFailure = z
  .strictObject({ error: z.strictObject({ code: z.string(), status: z.int(), title: z.string() }) })
  .meta({
    id: 'SectionFailure',
    description: 'What went wrong with this section alone: a problem without its detail.',
  });

/** Everything that a first screen needs, in one call. */
export function prefetchEndpoints(prefetch: PrefetchService, sections: readonly Section[]): readonly Endpoint[] {
  const of = (screen: Screen) => sections.filter((section) => section.screen === screen);
  const [bootstrap, dashboard] = [of('bootstrap'), of('dashboard')];
  return [
    endpoint({
      method: 'get',
      path: '/prefetch/bootstrap',
      operationId: 'prefetchBootstrap',
      summary: "Read all that a user's first screen shows; a section that fails says so, and leaves the others alone",
      permission: { scope: 'user' },
      ...common(bootstrap),
      handle: (_input, context) => prefetch.load(bootstrap, context),
    }),
    endpoint({
      method: 'get',
      path: '/prefetch/dashboard-data',
      operationId: 'prefetchDashboard',
      summary: "Read all that a merchant's first screen shows to the caller's role",
      // It shows something of everything, which no single right of a key opens.
      permission: { scope: 'merchant', role: 'staff', apiKey: null },
      ...common(dashboard),
      handle: (_input, context) => prefetch.load(dashboard, context),
    }),
  ];
}

function common(sections: readonly Section[]) {
  const shown = sections.map(({ name, output }) => {
    const loaded = z.union([z.strictObject({ data: output }), SectionFailure]);
    // Left out for roles that don't see it.
    return [name, loaded.optional()] as const;
  });
  return {
    input: z.object({}),
    output: z.strictObject(Object.fromEntries(shown)),
    status: 200,
    problems: [],
    queryBudget: sections.reduce((sum, { queryBudget }) => sum + queryBudget, 0),
    idempotent: false,
  } as const;
}
