import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { newSecret } from '../../src/platform/security/secrets.ts';

const Secrets = z.object({ JWT_SECRET: z.string(), CURSOR_SECRET: z.string() });

/** The secrets of this installation: made at the first start, so that none is known to the world. */
export type Secrets = z.output<typeof Secrets>;

/** Reads the secrets of a file, or writes new ones that only its owner can read. */
export function developmentSecrets(file: string): Secrets {
  if (existsSync(file)) {
    const known = Secrets.safeParse(parsed(readFileSync(file, 'utf8')));
    if (known.success) return known.data;
  }
  const made = { JWT_SECRET: newSecret(), CURSOR_SECRET: newSecret() };
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
