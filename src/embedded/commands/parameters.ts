import { CommandError, notSupported } from '../errors.ts';
import { okReply } from '../server/reply.ts';
import { read, requireAdmin } from './arguments.ts';
import type { Command } from './context.ts';

const LIFETIME = 'transactionLifetimeLimitSeconds';

/** What may be asked for, with MongoDB's names; of it, the lifetime of transactions can be changed while the server runs. */
const PARAMETERS: Readonly<Record<string, unknown>> = {
  authenticationMechanisms: [],
  cursorTimeoutMillis: 600_000,
  enableTestCommands: true,
  featureCompatibilityVersion: { version: '7.0' },
  internalQueryMaxBlockingSortMemoryUsageBytes: 104_857_600,
  localLogicalSessionTimeoutMinutes: 30,
  maxIndexBuildMemoryUsageMegabytes: 200,
  quiet: false,
  requireApiVersion: false,
  [LIFETIME]: 60,
  ttlMonitorEnabled: true,
  ttlMonitorSleepSecs: 60,
};

/** Members of the commands that are no parameters. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'getParameter',
  'setParameter',
  'lsid',
  'comment',
  'maxTimeMS',
  'txnNumber',
  'readConcern',
  'writeConcern',
]);

function named(body: Record<string, unknown>): string[] {
  return Object.keys(body).filter((name) => !OWN_FIELDS.has(name) && !name.startsWith('$') && !name.startsWith('api'));
}

const getParameter: Command = (context) => {
  requireAdmin(context);
  const { body } = context;
  const details = body.getParameter as { allParameters?: unknown } | null;
  const isAll = body.getParameter === '*' || (typeof details === 'object' && details?.allParameters === true);
  const current = { ...PARAMETERS, [LIFETIME]: context.services.sessions.transactionLifetimeMs / 1_000 };
  if (isAll) return okReply(current);
  const found = Object.entries(current).filter(([name]) => named(body).includes(name));
  if (found.length === 0) throw new CommandError('InvalidOptions', 'no option found to get');
  return okReply(Object.fromEntries(found));
};

const setParameter: Command = (context) => {
  requireAdmin(context);
  const [name] = named(context.body);
  if (name === undefined)
    throw new CommandError('InvalidOptions', 'no option found to set, use help:true to see options ');
  if (!Object.hasOwn(PARAMETERS, name)) {
    throw new CommandError(
      'InvalidOptions',
      `attempted to set unrecognized parameter [${name}], use help:true to see options `,
    );
  }
  if (name === LIFETIME) return setLifetime(context);
  throw notSupported(`Setting the parameter '${name}' at run time`, 'InvalidOptions');
};

const setLifetime: Command = ({ body, services: { sessions } }) => {
  const seconds = read(body[LIFETIME], 'number', LIFETIME) ?? 0;
  if (seconds < 1) {
    throw new CommandError(
      'BadValue',
      `Invalid value for parameter ${LIFETIME}: ${String(seconds)} is not greater than or equal to 1`,
    );
  }
  const was = sessions.transactionLifetimeMs / 1_000;
  sessions.transactionLifetimeMs = seconds * 1_000;
  return okReply({ was });
};

export const parameterCommands: Readonly<Record<string, Command>> = { getParameter, setParameter };
