import { expect, test } from '@jest/globals';
import type { CommandStartedEvent } from 'mongodb';
import { withDatabase } from '../../../tests/environment/index.ts';
import { asSystem } from '../../platform/database/scoped.ts';
import { newId } from '../../shared/ids.ts';
import { AuditExports } from './audit.exports.ts';
import { auditEntries } from './audit.model.ts';
import { ExportReads } from './export.reads.ts';

const database = withDatabase({ collections: [auditEntries] });
const system = asSystem('test');

test('each read of an export asks for a server that knows what the reads before have seen', async () => {
  const connection = await database.database.analytics();
  const exports = new AuditExports(async () => ({
    reads: new ExportReads(auditEntries.on(connection)),
    session: await connection.startSession(),
  }));
  const sent: CommandStartedEvent[] = [];
  connection.getClient().on('commandStarted', (event) => void sent.push(event));
  const { chunks } = exports.stream(newId(), { format: 'ndjson', action: 'product.changed' }, system);
  for await (const chunk of chunks) expect(chunk).toBe('');
  const reads = sent.filter(({ commandName }) => commandName === 'find').map(({ command }) => command);
  expect(reads.length).toBeGreaterThan(1);
  expect(new Set(reads.map(({ lsid }) => JSON.stringify(lsid))).size).toBe(1);
  for (const { readConcern } of reads.slice(1)) expect(readConcern).toHaveProperty('afterClusterTime');
});
