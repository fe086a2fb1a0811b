import { Router } from 'express';
import { escapeHtml } from '../../shared/html.ts';
import type { HealthRegistry } from '../observability/health.ts';
import type { ScheduleDesk } from '../queue/schedule.desk.ts';
import { guardOps, type OpsGuardParts } from './ops-guard.ts';
import { opsPage } from './ops-style.ts';
import { OPS_PATH, QUEUE_BOARD_PATH, SCHEDULES_PATH } from './queue-board-link.ts';
import { schedulesTable } from './schedules-table.ts';

export interface OpsPageParts extends OpsGuardParts {
  readonly schedules: Pick<ScheduleDesk, 'list'>;
  readonly health: Pick<HealthRegistry, 'report'>;
  /** Whether the local mail sink can be looked into. */
  readonly hasMails: boolean;
}

const REFRESH_SECONDS = 30;

/** `/ops`: what operators have, and `/ops/schedules`. Plain HTML that asks for itself again, without any script. */
export function opsPages({ schedules, health, hasMails, ...guard }: OpsPageParts): Router {
  const router = Router();
  const admit = (path: string) => guardOps(guard, { path, operationId: 'useOpsPages', reason: 'pages of operators' });
  router.get(OPS_PATH, admit(OPS_PATH), (_req, res) => {
    res.type('html').send(indexPage(health.report().status, hasMails));
  });
  router.get(SCHEDULES_PATH, admit(SCHEDULES_PATH), async (_req, res) => {
    const table = schedulesTable(await schedules.list(), new Date());
    res.type('html').send(opsPage({ title: 'Schedules', body: table, refreshSeconds: REFRESH_SECONDS }));
  });
  return router;
}

interface Place {
  readonly name: string;
  /** Undefined where no browser gets in by itself. */
  readonly href?: string;
  readonly about: string;
}

const PLACES: readonly Place[] = [
  {
    name: 'Queues',
    href: QUEUE_BOARD_PATH,
    about: 'Every queue with its jobs: look, try again, promote, pause, clean.',
  },
  {
    name: 'Schedules',
    href: SCHEDULES_PATH,
    about: 'What is done at set times: the last run, what came of it, the next.',
  },
  {
    name: 'Dead letters',
    about:
      '<code>GET /api/operations/dead-letters</code>, with a bearer token: what failed for good, to be replayed or discarded.',
  },
  { name: 'Health', href: '/health', about: 'Each dependency of this process, and how every queue is.' },
  {
    name: 'Metrics',
    about: '<code>/metrics</code> of each worker, at its <code>WORKER_PORT</code>, for Prometheus.',
  },
  { name: 'API', href: '/docs', about: 'Every endpoint, who may call it, and what it answers.' },
];

const MAILS: Place = { name: 'Mails', href: '/ops/mail', about: 'What the local mail sink has kept.' };

function indexPage(status: string, hasMails: boolean): string {
  const places = hasMails ? [...PLACES, MAILS] : PLACES;
  const tone = status === 'healthy' ? 'good' : 'bad';
  const body = `<p>This process is <span class="badge ${tone}">${escapeHtml(status)}</span></p>
<ul class="places">${places.map(placeOf).join('')}</ul>`;
  return opsPage({ title: 'Operations', body });
}

const placeOf = ({ name, href, about }: Place): string =>
  `<li><h2>${href === undefined ? name : `<a href="${href}">${name}</a>`}</h2><p>${about}</p></li>`;
