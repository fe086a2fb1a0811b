import { VARIABLE_NAMES } from '../../src/config/environment.ts';

/** What the file says in place of what the launcher's own processes are told. */
const OTHERWISE: Readonly<Record<string, string>> = {
  // Theirs is taken.
  WORKER_PORT: '0',
};

/** An environment as `node --env-file` reads it, with which a further process takes part in what the launcher runs. */
export function environmentFile(environment: Readonly<Record<string, string | undefined>>): string {
  const all: typeof environment = { NODE_ENV: 'development', ...withoutEmpty(environment), ...OTHERWISE };
  const lines = VARIABLE_NAMES.flatMap((name) => (all[name] === undefined ? [] : [`${name}=${quoted(all[name])}\n`]));
  return lines.join('');
}

function withoutEmpty(environment: Readonly<Record<string, string | undefined>>): typeof environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
}

/** The format knows three quotes and no way to escape one. */
function quoted(value: string): string {
  const quote = ["'", '"', '`'].find((one) => !value.includes(one)) ?? '';
  return quote + value + quote;
}
