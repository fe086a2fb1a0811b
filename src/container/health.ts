import type { Config } from '../config/index.ts';
import { HealthRegistry, type HealthCheck } from '../platform/observability/health.ts';
import type { Logger } from '../platform/observability/logger.ts';
import { MemoryMonitorService } from '../platform/observability/memory.ts';
import { redisCheck } from '../platform/redis/client.ts';
import type { connectionParts } from './connections.ts';
import type { Part, Parts } from './parts.ts';

/** How the process is, looked at in the background. */
export function healthParts(
  parts: Parts,
  config: Config,
  logger: Part<Logger>,
  { database, queueRedis, cacheRedis }: ReturnType<typeof connectionParts>,
) {
  const memory = parts.part(
    () => watchedMemory(config.memory, logger()),
    (monitor) => {
      monitor.stop();
    },
  );
  const health = parts.part(
    () => {
      const registry = new HealthRegistry((check, report) => {
        logger()[report.status === 'up' ? 'info' : 'warn']({ check, ...report }, 'health check changed');
      });
      registry.register(database().healthCheck());
      registry.register(redisCheck('redis-queues', queueRedis));
      registry.register(redisCheck('redis-cache', cacheRedis));
      registry.register(memoryCheck(memory()));
      return registry;
    },
    (registry) => {
      registry.stop();
    },
  );
  return { memory, health };
}

function watchedMemory({ intervalMs, maxHeapBytes }: Config['memory'], logger: Logger): MemoryMonitorService {
  const monitor = new MemoryMonitorService();
  monitor.onAlert(({ kind, message, stats }) => {
    logger.warn({ alert: kind, stats }, message);
  });
  monitor.initialize({ interval: intervalMs, maxHeapSize: maxHeapBytes });
  return monitor;
}

/** Not critical: a process short of memory still answers better than none. */
function memoryCheck(monitor: MemoryMonitorService): HealthCheck {
  return {
    name: 'memory',
    critical: false,
    intervalMs: 10_000,
    timeoutMs: 1_000,
    check: () => {
      const { current, trend, leakDetected } = monitor.getStats();
      if (!monitor.isHealthy())
        return Promise.reject(Object.assign(new Error('The heap is full'), { code: 'HEAP_FULL' }));
      return Promise.resolve({ heapUsed: current.heapUsed, rss: current.rss, trend, leakDetected });
    },
  };
}
