import { z } from 'zod';

const Count = z.number().min(0);

const tally = {
  hits: Count,
  misses: Count,
  staleServes: Count.meta({ description: 'Shown out of date, while it was loaded anew' }),
  loads: Count,
  failedLoads: Count,
  loadMs: Count,
  savedMs: Count.meta({ description: 'What loads would have taken that hits made needless' }),
  neverRead: Count.meta({ description: 'Values that left memory without having been read once' }),
};
const Tally = z.strictObject(tally).meta({ id: 'CacheTally' });

const CacheStats = z.strictObject({
  ...tally,
  hitRate: Count.meta({ description: 'In percent of all reads: from memory, from Redis, and out of date' }),
  isTrusted: z.boolean().meta({ description: 'Whether memory is trusted beyond a second: no invalidation was missed' }),
  underWay: Count.meta({ description: 'Reads under way' }),
  memory: z.strictObject({ hits: Count, misses: Count, evictions: Count, entries: Count, bytes: Count }),
  redis: z.strictObject({ hits: Count, misses: Count, failures: Count, bytesRead: Count, bytesWritten: Count }),
  byName: z
    .record(z.string(), Tally)
    .meta({ description: 'By the operationId of the answer, or the name of the value' }),
  byTag: z.record(z.string(), Tally),
  hotKeys: z.array(z.strictObject({ key: z.string(), reads: Count })).readonly(),
  neverReadKeys: z.array(z.string()).readonly(),
});

export const CacheReport = z
  .strictObject({ enabled: z.boolean(), stats: CacheStats.nullable() })
  .meta({ id: 'CacheReport', description: 'Of the process that answers, since it began' });

const Name = z.string().min(1).max(500);

export const ClearCache = z
  .strictObject({
    tag: Name.optional().meta({ description: 'Such as products:<merchant id>' }),
    pattern: Name.optional().meta({ description: '* stands for any characters, ? for one' }),
  })
  .refine(({ tag, pattern }) => tag === undefined || pattern === undefined, 'takes a tag or a pattern, not both')
  .meta({ id: 'ClearCache', description: 'Neither of them means all' });

export const CacheCleared = z.strictObject({ cleared: z.string() }).meta({ id: 'CacheCleared' });
