import type { Container } from '../src/container.ts';
import { smsJobs } from '../src/features/sms/jobs.ts';
import type { WorkerKind } from '../src/platform/queue/worker.ts';

/** Sends text messages. */
export function workerKind(container: Container): WorkerKind {
  const { config, now, effects, phones, smsBreaker, smsCaps, smsProvider, smsStore, health } = container;
  health().register(smsBreaker().healthCheck());
  const handlers = smsJobs({
    effects: effects(),
    store: smsStore(),
    caps: smsCaps(),
    provider: smsProvider(),
    breaker: smsBreaker(),
    optOuts: phones(),
    receiptsUrl: `${config.http.publicUrl}/callbacks/sms`,
    now,
  });
  return { queue: 'sms', handlers };
}
