import { Router } from 'express';
import type { HealthRegistry } from '../observability/health.ts';

/** Below `/health`: itself for operators, `/health/live` and `/health/ready` for whoever restarts processes and sends requests. */
export function healthEndpoints(health: HealthRegistry): Router {
  const router = Router();
  router.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/', (_req, res) => {
    const report = health.report();
    res
      .status(report.status === 'unhealthy' ? 503 : 200)
      .json({ ...report, uptimeSeconds: Math.round(process.uptime()) });
  });
  // Says no more than that the event loop turns: a database that is away is no reason to be restarted.
  router.get('/live', (_req, res) => {
    res.json({ status: 'alive' });
  });
  router.get('/ready', (_req, res) => {
    res.status(health.isReady() ? 200 : 503).json({ ready: health.isReady(), ...health.report() });
  });
  return router;
}
