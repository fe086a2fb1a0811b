import { parseArgs } from 'node:util';
import { LaunchError } from './launch-error.ts';

export const USAGE = `Usage: npm start -- [options]

  --fresh        forget all data of earlier runs and begin anew
  --no-seed      start without demo data
  --port N       port of the API (default 3000, or PORT)
  --data DIR     where data, logs and mails lie (default .data in the current directory)
  --quiet        print one line when all is up, and what goes wrong
  --no-install   never install redis-server
  --help         show this
`;

export interface LaunchOptions {
  readonly fresh: boolean;
  readonly seed: boolean;
  readonly port: number | undefined;
  readonly data: string;
  readonly quiet: boolean;
  readonly install: boolean;
  readonly help: boolean;
}

/** @throws LaunchError naming the option that is not understood. */
export function parseOptions(args: readonly string[]): LaunchOptions {
  const values = parse(args);
  return {
    fresh: values.fresh,
    seed: !values['no-seed'],
    port: values.port === undefined ? undefined : portOf(values.port),
    data: values.data,
    quiet: values.quiet,
    install: !values['no-install'],
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        fresh: flag,
        'no-seed': flag,
        port: { type: 'string' },
        data: { type: 'string', default: '.data' },
        quiet: flag,
        'no-install': flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    throw new LaunchError(`${(error as Error).message.split('. ')[0] ?? ''}: see npm start -- --help`);
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new LaunchError(`--port ${text} is no port: take a number from 1 to 65535`);
}
