import type { Express, RequestHandler } from 'express';
import { join } from 'node:path';
import { createApp } from './app.ts';
import type { Container } from './container.ts';
import { databaseProblems } from './platform/database/failures.ts';
import type { Feature } from './platform/http/endpoint.ts';
import { keptMailPages } from './platform/http/kept-mail-pages.ts';
import type { Edge } from './platform/http/mount.ts';
import { unauthenticated } from './platform/http/problems.ts';
import { projectRoot } from './platform/process/project-root.ts';
import { Problem } from './shared/problem.ts';

/** The app over a container: every feature's endpoints, and what stands in front of them. */
export function createApi(container: Container): Express {
  const { config, health, logger } = container;
  return createApp(featuresOf(container), {
    edge: edgeOf(container),
    health: health(),
    logger: logger(),
    http: config.http,
    problemPages: join(projectRoot(), 'docs', 'problems'),
    translations: [databaseProblems],
    operations: operationsOf(container),
  });
}

/** What each business noun brings to the API, in the order of the docs page. */
function featuresOf(_container: Container): readonly Feature[] {
  return [];
}

function edgeOf({ config, cache, idempotency, limiter }: Container): Edge {
  const { perAddress, perTenant, perUser, perKey } = config.limits;
  const idempotent = idempotency();
  return {
    authorize: (_authorization, permission) => {
      if (permission.scope !== 'public') throw new Problem(unauthenticated, 'Nobody can sign in yet');
      return Promise.resolve({ actor: { kind: 'anonymous' }, scope: { kind: 'public' } });
    },
    once: (context, operationId, input, work) => idempotent.once(context, operationId, input, work),
    cache: cache(),
    limits: { limiter: limiter(), perAddress, perTenant, perUser, perKey },
    strict: config.environment === 'test',
  };
}

/** What stands at the root besides the health. */
function operationsOf({ config }: Container): readonly RequestHandler[] {
  const { sinkDirectory } = config.mail;
  if (config.environment === 'production' || sinkDirectory === undefined) return [];
  return [keptMailPages(sinkDirectory)];
}
