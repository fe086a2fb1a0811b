import { AuditChainer } from '../features/audit/audit.chainer.ts';
import { AuditExports } from '../features/audit/audit.exports.ts';
import { auditOutlet } from '../features/audit/audit.log.ts';
import { auditChains, auditEntries } from '../features/audit/audit.model.ts';
import { AuditReads } from '../features/audit/audit.reads.ts';
import { AuditRetention } from '../features/audit/audit.retention.ts';
import { AuditVerifier } from '../features/audit/audit.verifier.ts';
import { ChainReads } from '../features/audit/chain.reads.ts';
import { ExportReads } from '../features/audit/export.reads.ts';
import { Seals } from '../features/audit/seals.ts';
import type { Outlets } from '../platform/queue/outlets.ts';
import type { Parts } from './parts.ts';
import type { Platform } from './platform.ts';

/** What becomes of the entries that changes have left. */
export function auditParts(parts: Parts, platform: Platform) {
  const { config, database, transact, appendEvent, auditLog, cursors, logger, now } = platform;
  const entries = () => auditEntries.on(database().primary);
  const chains = () => auditChains.on(database().primary);
  const seals = parts.part(() => new Seals(config.audit.secret));
  const chainReads = parts.part(() => new ChainReads(entries(), chains()));
  const writing = () => ({ entries: entries(), chains: chains(), transact: transact(), seals: seals(), now });
  return {
    recordAudit: parts.part((): Outlets['audit'] => auditOutlet(auditLog(), transact(), appendEvent())),
    auditExports: parts.part(
      () =>
        new AuditExports(async () => {
          const connection = await database().analytics();
          return { reads: new ExportReads(auditEntries.on(connection)), session: await connection.startSession() };
        }),
    ),
    auditReads: parts.part(() => new AuditReads(entries(), cursors())),
    auditChainer: parts.part(() => new AuditChainer(writing())),
    auditVerifier: parts.part(() => new AuditVerifier({ reads: chainReads(), seals: seals() })),
    auditRetention: parts.part(
      () => new AuditRetention({ ...writing(), reads: chainReads(), logger: logger(), keptMs: config.audit.keptMs }),
    ),
    auditChains: chainReads,
  };
}
