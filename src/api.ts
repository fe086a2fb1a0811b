import type { RequestHandler } from 'express';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { createApp } from './app.ts';
import type { Container } from './container.ts';
import { analyticsFeature } from './features/analytics/http.ts';
import { apiKeysFeature } from './features/api-keys/http.ts';
import { auditFeature } from './features/audit/http.ts';
import { catalogFeature } from './features/catalog/http.ts';
import { identityFeature } from './features/identity/http.ts';
import { merchantsFeature, stockAlertCallback } from './features/merchants/http.ts';
import { maintenanceFeature } from './features/maintenance/http.ts';
import { operationsFeature } from './features/operations/http.ts';
import { orderFeature } from './features/orders/http.ts';
import { performanceFeature } from './features/performance/http.ts';
import { prefetchFeature } from './features/prefetch/http.ts';
import { smsCallbacks } from './features/sms/http.ts';
import { reportFeature, reportSubscriptionCallback } from './features/reports/http.ts';
import { stockFeature } from './features/stock/http.ts';
import { callbackEndpoints, type Callback } from './platform/http/callbacks.ts';
import { databaseProblems } from './platform/database/failures.ts';
import type { Feature } from './platform/http/endpoint.ts';
import { fileDownloads } from './platform/http/file-downloads.ts';
import { keptMailPages } from './platform/http/kept-mail-pages.ts';
import type { AuditedCall, Edge } from './platform/http/edge.ts';
import type { OpsGuardParts } from './platform/http/ops-guard.ts';
import { opsPages } from './platform/http/ops-pages.ts';
import { queueBoard } from './platform/http/queue-board.ts';
import type { Logger } from './platform/observability/logger.ts';
import { projectRoot } from './platform/process/project-root.ts';
import type { QueueService } from './platform/queue/queue.service.ts';
import { Id, newId } from './shared/ids.ts';

/** The app over a container: every feature's endpoints, and what stands in front of them. */
export function createApi(container: Container, features = featuresOf(container)): RequestListener {
  const { config, health, logger } = container;
  return createApp(features, {
    edge: edgeOf(container),
    health: health(),
    logger: logger(),
    http: config.http,
    problemPages: join(projectRoot(), 'docs', 'problems'),
    translations: [databaseProblems],
    operations: operationsOf(container),
    callbacks: callbackEndpoints(callbacksOf(container), config.http.publicUrl),
  });
}

type Services = Pick<
  Container,
  | 'accounts'
  | 'apiKeys'
  | 'auditExports'
  | 'auditReads'
  | 'cache'
  | 'config'
  | 'deadLetterDesk'
  | 'enhancedCache'
  | 'invitations'
  | 'logger'
  | 'maintenanceReads'
  | 'members'
  | 'merchants'
  | 'now'
  | 'orderReads'
  | 'orders'
  | 'productReads'
  | 'phones'
  | 'products'
  | 'recordAudit'
  | 'reports'
  | 'reportSchedules'
  | 'sales'
  | 'scheduleDesk'
  | 'sessions'
  | 'stock'
  | 'stockReads'
  | 'traffic'
>;

/** What each business noun brings to the API, in the order of the docs page. */
export function featuresOf(services: Services): readonly Feature[] {
  const { now, accounts, sessions, merchants, members, invitations, apiKeys } = services;
  const { products, productReads, stock, stockReads, orders, orderReads, sales, traffic, auditReads } = services;
  const features = [
    identityFeature({ accounts: accounts(), phones: services.phones(), sessions: sessions() }),
    merchantsFeature({ merchants: merchants(), members: members(), invitations: invitations() }),
    catalogFeature({ products: products(), reads: productReads() }),
    stockFeature({ stock: stock(), reads: stockReads() }),
    orderFeature({ orders: orders(), reads: orderReads(), now }),
    analyticsFeature({ sales: sales(), traffic: traffic() }),
    reportFeature({ reports: services.reports(), schedules: services.reportSchedules() }),
    auditFeature({ reads: auditReads(), exports: services.auditExports(), record: services.recordAudit() }),
    performanceFeature(services.config.cache.enabled ? services.enhancedCache() : undefined),
    maintenanceFeature(services.maintenanceReads()),
    operationsFeature({ deadLetters: services.deadLetterDesk(), schedules: services.scheduleDesk() }),
  ];
  const prefetch = prefetchFeature({ cache: services.cache(), logger: services.logger() }, features);
  return [...features, prefetch, apiKeysFeature(apiKeys(), features)];
}

function edgeOf({ authorizer, config, cache, idempotency, limiter, logger, now, queue }: Container): Edge {
  const { perAddress, perTenant, perUser, perKey } = config.limits;
  const access = authorizer();
  const idempotent = idempotency();
  const jobs = queue();
  return {
    authorize: (authorization, permission, merchant) => access.authorize(authorization, permission, merchant),
    once: (context, operationId, input, work) => idempotent.once(context, operationId, input, work),
    track: ({ type, merchantId, subjectId }) => {
      const ids = { id: newId(), merchantId: Id.decode(merchantId), subjectId: Id.decode(subjectId) };
      jobs.trackAnalytics({ ...ids, type, occurredAt: now() });
    },
    audit: (call) => auditCall(call, jobs, logger()),
    cache: cache(),
    limits: { limiter: limiter(), perAddress, perTenant, perUser, perKey },
    strict: config.environment === 'test',
  };
}

/** A read has been answered by then: that it could not be written down is for somebody to look into. */
async function auditCall(call: AuditedCall, queue: Pick<QueueService, 'audit'>, logger: Logger): Promise<void> {
  const { operationId, path, context, input, result } = call;
  const { actor, scope, address, requestId } = context;
  const record = { action: operationId, actor, scope, address, requestId, result, after: input };
  try {
    await queue.audit({ ...record, target: { kind: 'endpoint', id: path } });
  } catch (error) {
    logger.error({ error, operationId }, 'a call could not be written down in the audit log');
    throw error;
  }
}

/** What stands at the root besides the health. */
function operationsOf({
  authorizer,
  config,
  fileLinks,
  fileStore,
  health,
  limiter,
  logger,
  passes,
  queue,
  scheduleDesk,
}: Container): readonly RequestHandler[] {
  const { sinkDirectory } = config.mail;
  const inProduction = config.environment === 'production';
  const access = authorizer();
  const jobs = queue();
  const guard: OpsGuardParts = {
    authorize: (authorization) => access.authorize(authorization, { scope: 'system', role: 'admin' }),
    audit: (call) => auditCall(call, jobs, logger()),
    limiter: limiter(),
    ...(!inProduction && { passes: passes() }),
  };
  const hasMails = !inProduction && sinkDirectory !== undefined;
  const operations = [
    opsPages({ ...guard, schedules: scheduleDesk(), health: health(), hasMails }),
    queueBoard({ ...guard, queues: jobs.all(), logger: logger() }),
    fileDownloads({ links: fileLinks(), store: fileStore() }),
  ];
  return inProduction || sinkDirectory === undefined ? operations : [...operations, keptMailPages(sinkDirectory)];
}

/** What providers and mail programs call. */
function callbacksOf({ config, phones, reportSubscribers, sms, stockAlerts }: Container): readonly Callback[] {
  const { twilio } = config.sms;
  const receipts =
    twilio === undefined ? [] : smsCallbacks({ sms: sms(), optOuts: phones(), authToken: twilio.authToken });
  return [stockAlertCallback(stockAlerts()), reportSubscriptionCallback(reportSubscribers()), ...receipts];
}
