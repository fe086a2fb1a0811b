import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

/** `npm run test:chaos -- [--rounds N] [--seed N] [path]`: the tests with servers of their own that are broken on purpose. */
const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '1' }, seed: { type: 'string' } },
  allowPositionals: true,
});
const chaosRounds = Number(values.rounds);
if (!Number.isInteger(chaosRounds) || chaosRounds < 1) {
  process.stderr.write('--rounds must be a whole number, at least 1\n');
  process.exit(1);
}
const chaosSeed = values.seed === undefined ? undefined : Number(values.seed);
if (chaosSeed !== undefined && !Number.isInteger(chaosSeed)) {
  process.stderr.write('--seed must be a whole number\n');
  process.exit(1);
}
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const paths = positionals.length > 0 ? positionals : ['tests/chaos'];
const options = ['--config', 'jest.long.config.js', '--globals', JSON.stringify({ chaosRounds, chaosSeed })];
const { status } = spawnSync(process.execPath, ['--experimental-vm-modules', jest, ...options, ...paths], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
