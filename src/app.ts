import compression from 'compression';
import express, { type RequestHandler } from 'express';
import type { RequestListener } from 'node:http';
import { accessLog } from './platform/http/access-log.ts';
import { jsonBody } from './platform/http/body.ts';
import { callerAddress } from './platform/http/caller-address.ts';
import type { Edge } from './platform/http/edge.ts';
import type { Feature } from './platform/http/endpoint.ts';
import { crossOrigin, securityHeaders } from './platform/http/fixed-headers.ts';
import { inFront, tellRefusal } from './platform/http/front.ts';
import { healthEndpoints } from './platform/http/health.ts';
import { KeptAnswers } from './platform/http/kept-answers.ts';
import { limitAddress } from './platform/http/limits.ts';
import { mount } from './platform/http/mount.ts';
import { documentation } from './platform/http/pages.ts';
import { problemHandler, type Translate } from './platform/http/problem-handler.ts';
import { routeNotFound } from './platform/http/problems.ts';
import { demandHost, nameRequest, timeLimit } from './platform/http/request.ts';
import type { HealthRegistry } from './platform/observability/health.ts';
import type { Logger } from './platform/observability/logger.ts';
import { Problem } from './shared/problem.ts';

const REQUEST_LIMIT_MS = 30_000;

/** What the app needs besides the features. */
export interface AppParts {
  readonly edge: Edge;
  readonly health: HealthRegistry;
  readonly logger: Logger;
  readonly http: {
    readonly trustProxy: boolean | number | string;
    readonly corsOrigins: readonly string[];
    readonly slowRequestMs: number;
    /** How long an answer may take; 30 s unless a test shortens it. */
    readonly requestLimitMs?: number;
  };
  /** Directory of the pages that explain problems. */
  readonly problemPages: string;
  /** How failures of the database and others are told to callers. */
  readonly translations?: readonly Translate[];
  /** Further handlers at the root, such as metrics and the ops page. Each guards itself. */
  readonly operations?: readonly RequestHandler[];
  /** What others call, each proving by itself who it is; see `callbackEndpoints`. */
  readonly callbacks?: RequestHandler;
}

/** The whole HTTP side. Neither listens nor opens anything: that is up to the process. */
export function createApp(features: readonly Feature[], parts: AppParts): RequestListener {
  const { edge, health, logger, http, problemPages, translations, operations = [], callbacks } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', http.trustProxy);

  const kept = new KeptAnswers(edge);
  const limit = limitAddress(edge.limits, callerAddress(app));
  const front = [
    nameRequest,
    accessLog(logger, http.slowRequestMs),
    demandHost,
    securityHeaders(),
    crossOrigin(http.corsOrigins),
    kept.answerAtOnce(limit),
  ];
  app.use(tellRefusal);
  // Before every limit: whoever watches the process must get an answer when it is flooded.
  app.use('/health', healthEndpoints(health));
  if (callbacks !== undefined) app.use('/callbacks', callbacks);
  app.use(jsonBody(), limit, timeLimit(http.requestLimitMs ?? REQUEST_LIMIT_MS));
  // What an endpoint answers is packed as a whole; these are pages and scripts of others.
  app.use(['/ops', '/problems'], compression());
  app.use(documentation(features, problemPages));
  for (const operation of operations) app.use(operation);
  app.use(
    '/api',
    mount(
      features.flatMap(({ endpoints }) => endpoints),
      edge,
      kept,
    ),
  );

  app.use(() => {
    throw new Problem(routeNotFound, 'There is nothing at this path; the API begins at /api');
  });
  const report = (error: unknown) => {
    logger.error({ error }, 'request failed');
  };
  app.use(problemHandler(report, translations));
  return inFront(front, app);
}
