import { jobHandler, type JobHandler } from '../../platform/queue/job.ts';
import type { AuditChainer } from './audit.chainer.ts';
import { chainEntry } from './audit.events.ts';

/** For the `audit` worker. */
export const auditJobs = (chainer: Pick<AuditChainer, 'chain'>): readonly JobHandler[] => [
  jobHandler({
    contract: chainEntry,
    handle: ({ entryId, merchantId }, signal) => chainer.chain(entryId, merchantId, signal),
  }),
];
