import { hash } from 'node:crypto';
import { z } from 'zod';

const versions = new WeakMap<z.ZodType, number>();

/** A number that changes with a schema: what is kept of a shape is not read by a release that shows another. */
export function schemaVersion(schema: z.ZodType): number {
  const known = versions.get(schema);
  if (known !== undefined) return known;
  const text = JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  const version = parseInt(hash('sha1', text, 'hex').slice(0, 8), 16);
  versions.set(schema, version);
  return version;
}
