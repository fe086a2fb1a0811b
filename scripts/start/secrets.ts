import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { newSecret } from '../../src/platform/security/secrets.ts';

const Secrets = z.object({ JWT_SECRET: z.string(), CURSOR_SECRET: z.string(), AUDIT_SECRET: z.string() });

const Known = Secrets.partial().catch({});

/** The secrets of this installation: made at the first start, so that none is known to the world. */
export type Secrets = z.output<typeof Secrets>;

/** Reads the secrets of a file; what it has not, or not yet, is made and written so that only its owner can read it. */
export function developmentSecrets(file: string): Secrets {
  const known = existsSync(file) ? Known.parse(parsed(readFileSync(file, 'utf8'))) : {};
  const complete = Secrets.safeParse(known);
  if (complete.success) return complete.data;
  const names = Object.keys(Secrets.shape) as (keyof Secrets)[];
  const made = Secrets.parse(Object.fromEntries(names.map((name) => [name, known[name] ?? newSecret()])));
  writeFileSync(file, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600 });
  return made;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
