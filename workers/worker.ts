import type { Container } from '../src/container.ts';
import type { WorkerKind } from '../src/platform/queue/worker.ts';

/** What each file `<kind>.worker.ts` holds: one kind of worker, as thin as it can be. */
export interface WorkerModule {
  workerKind(container: Container): WorkerKind;
}
