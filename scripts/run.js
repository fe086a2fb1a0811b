// Runs one of our processes: `node scripts/run.js src/server`. From dist/ when it is built, from source otherwise.
import { existsSync } from 'node:fs';

// Whoever says nothing is held to the rules of production: development is what `npm start` is for.
if (!process.env.NODE_ENV) {
  process.env.NODE_ENV = 'production';
  process.stderr.write('NODE_ENV is not set, so this is production\n');
}

const [name, ...rest] = process.argv.slice(2);
const built = new URL(`../dist/${name}.js`, import.meta.url);
process.argv.splice(2, process.argv.length - 2, ...rest);
await import(existsSync(built) ? built.href : new URL(`../${name}.ts`, import.meta.url).href);
