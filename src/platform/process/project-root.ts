import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The directory that holds package.json, looked for upwards: a file in `src/` and the same compiled to `dist/src/` lie
 * at different depths.
 */
export function projectRoot(from: string = import.meta.dirname): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const above = dirname(from);
  if (above === from) throw new Error('There is no package.json in any directory above');
  return projectRoot(above);
}
