import type { Config } from './config/index.ts';
import { accessParts } from './container/access.ts';
import { analyticsParts } from './container/analytics.ts';
import { auditParts } from './container/audit.ts';
import { alertParts } from './container/alerts.ts';
import { warmerPart } from './container/cache.ts';
import { catalogParts } from './container/catalog.ts';
import { deadLetterParts } from './container/dead-letters.ts';
import { identityParts } from './container/identity.ts';
import { maintenanceParts } from './container/maintenance.ts';
import { merchantParts } from './container/merchants.ts';
import { orderParts } from './container/orders.ts';
import { outletsOf } from './container/outlets.ts';
import { Parts } from './container/parts.ts';
import { platformParts } from './container/platform.ts';
import { schedulingParts } from './container/scheduling.ts';
import { smsParts } from './container/sms.ts';
import { reportParts } from './container/reports.ts';
import { stockParts } from './container/stock.ts';
import type { Outlets } from './platform/queue/outlets.ts';

/** Everything a process is built of. Each member is a part: made when it is first asked for. */
export type Container = ReturnType<typeof createContainer>;

/**
 * The only place that constructs. A process asks for what it runs and gets that with all it needs, and nothing else:
 * a worker that sends mails never opens what only the API uses.
 * @param service names the process in logs and at the servers it connects to: `api`, `worker-email`.
 */
export function createContainer(config: Config, service: string) {
  const parts = new Parts();
  const platform = platformParts(parts, config, service, () => outlets);
  const audit = auditParts(parts, platform);
  const sms = smsParts(parts, platform);
  const identity = identityParts(parts, platform);
  const merchants = merchantParts(parts, platform, identity);
  const access = accessParts(parts, platform, { ...identity, ...merchants });
  const alerts = alertParts(parts, platform, { ...identity, ...merchants });
  const catalog = catalogParts(parts, platform, merchants);
  const stock = stockParts(parts, platform);
  const orders = orderParts(parts, platform, { ...identity, ...merchants, ...catalog, ...stock });
  const analytics = analyticsParts(parts, platform, { ...merchants, ...catalog });
  const maintenance = maintenanceParts(parts, platform, { ...audit, ...orders, ...analytics });
  const reports = reportParts(parts, platform, { ...identity, ...merchants, ...orders });
  const deadLetters = deadLetterParts(parts, platform);
  const outlets: Outlets = outletsOf({ ...audit, ...sms, ...reports });
  return {
    ...platform,
    ...audit,
    ...sms,
    ...identity,
    ...merchants,
    ...alerts,
    ...access,
    ...catalog,
    ...stock,
    ...orders,
    ...analytics,
    ...maintenance,
    ...deadLetters,
    ...schedulingParts(parts, platform, deadLetters),
    keepWarm: warmerPart(parts, config, platform.logger, platform.enhancedCache),
    ...reports,
    /** Ends what was made, in the reverse order. */
    close: () => parts.close(),
  };
}
