import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { comparisonPage } from './page.ts';
import { keptResults, REPORTS } from './result.ts';

const SHOWN = 5;

const results = await keptResults(SHOWN).catch(() => []);
if (results.length === 0) {
  process.stderr.write('There is no report yet: npm run load:basic writes one\n');
  process.exitCode = 1;
} else {
  const file = join(REPORTS, 'side-by-side.html');
  await writeFile(file, comparisonPage(results));
  for (const { name, startedAt, checks } of results) {
    const told = checks.map(({ what, value, unit, met }) => `${met ? '✓' : '✗'} ${what} ${value.toFixed(1)} ${unit}`);
    process.stdout.write(`${startedAt.slice(0, 16)}  ${name}  ${told.join('  ')}\n`);
  }
  process.stdout.write(`${file}\n`);
}
