import { isIPv6 } from 'node:net';
import { childEnvironment, EnvironmentError, isSet, loadConfig, type Config } from '../../src/config/index.ts';
import { QUEUE_BOARD_PATH, queueBoardLink } from '../../src/platform/http/queue-board-link.ts';
import { Passes } from '../../src/platform/security/passes.ts';
import type { DataDirectory } from './data-directory.ts';
import { embeddedUri, type DatabaseTarget } from './database.ts';
import { LaunchError } from './launch-error.ts';
import type { LaunchOptions } from './options.ts';
import { freePort, whyNotFree } from './ports.ts';
import { developmentSecrets, type Secrets } from './secrets.ts';

/** What a server listens at that takes connections to any address. */
const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

/** The servers that nobody has named by a variable, and that the launcher therefore runs, each with its port. */
export interface OwnServers {
  readonly database?: number;
  readonly queueRedis?: number;
  readonly cacheRedis?: number;
  readonly mail?: number;
}

/** Ports that are tried first, so that tools find the servers where they were the last time. */
export interface UsualPorts extends Required<OwnServers> {
  /** Left out for the one that the environment names. */
  readonly worker?: number;
}

const USUAL_PORTS: UsualPorts = { database: 27_018, queueRedis: 6_390, cacheRedis: 6_391, mail: 1_025 };

/** A Redis that somebody has named. */
export interface NamedRedis {
  readonly variable: 'REDIS_URL' | 'CACHE_REDIS_URL';
  readonly url: string;
  /** Where the URL has none. */
  readonly password: string | undefined;
}

/** What is started, decided before anything is. */
export interface Settings {
  /** Where the API answers on this machine. */
  readonly apiUrl: string;
  /** Opens the queue board in a browser. */
  readonly queueBoardUrl: string;
  /** Where the workers answer for their health on this machine. */
  readonly workerUrl: string;
  readonly own: OwnServers;
  readonly yours: readonly NamedRedis[];
  readonly database: DatabaseTarget;
  /** For the processes of ours. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Decides what runs where. What the environment names is taken; the rest is ours.
 * @throws LaunchError for a wrong environment, with all its faults, and for a taken port.
 */
export async function settle(options: LaunchOptions, data: DataDirectory, usual = USUAL_PORTS): Promise<Settings> {
  const config = readConfig();
  const { host } = config.http;
  const port = options.port ?? config.http.port;
  await requireFree(port, host);
  const own = await ownServers(port, usual);
  const apiUrl = urlOf(host, port);
  const workerPort = await freePort(workerPortOf(usual, config), port, host);
  const uri = own.database === undefined ? config.database.uri : embeddedUri(own.database);
  const environment = childEnvironment({
    ...missingSecrets(data),
    ...(!isSet('PUBLIC_URL') && { PUBLIC_URL: apiUrl }),
    ...(own.queueRedis !== undefined && { REDIS_URL: redisUrl(own.queueRedis) }),
    ...(own.cacheRedis !== undefined && { CACHE_REDIS_URL: redisUrl(own.cacheRedis) }),
    ...(own.mail !== undefined && {
      SMTP_URL: `smtp://127.0.0.1:${String(own.mail)}`,
      MAIL_SINK_DIR: data.pathOf('mail'),
    }),
    ...(!isSet('FILES_DIR') && { FILES_DIR: data.pathOf('files') }),
    MONGODB_URI: uri,
    PORT: String(port),
    WORKER_PORT: String(workerPort),
  });
  const queueBoardUrl = apiUrl + queueBoardPath(config, environment.JWT_SECRET ?? '');
  const database = { uri, name: config.database.name };
  const workerUrl = urlOf(host, workerPort);
  return { apiUrl, queueBoardUrl, workerUrl, own, yours: namedRedis(config), database, environment };
}

/** In production nobody gets in without a bearer token. */
function queueBoardPath({ environment }: Config, secret: string): string {
  return environment === 'production' ? QUEUE_BOARD_PATH : queueBoardLink(new Passes({ secret }));
}

const workerPortOf = (usual: UsualPorts, config: Config): number => usual.worker ?? config.worker.port;

function readConfig(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (error instanceof EnvironmentError) throw new LaunchError(error.message);
    throw error;
  }
}

/** By what address a server that listens at a host is reached on this machine. */
export function urlOf(host: string, port: number): string {
  if (EVERY_ADDRESS.has(host)) return urlOf('127.0.0.1', port);
  return `http://${isIPv6(host) ? `[${host}]` : host}:${String(port)}`;
}

async function requireFree(port: number, host: string): Promise<void> {
  if (port === 0) throw new LaunchError('PORT 0 cannot be told to anybody: name a port with --port');
  const code = await whyNotFree(port, host);
  if (code === undefined) return;
  const others = 'choose another port with --port N';
  const faults: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${String(port)} is taken by another program: end that, or ${others}`,
    EADDRNOTAVAIL: `HOST ${host} is no address of this machine`,
    EACCES: `Port ${String(port)} is not for everybody's use on this machine: ${others}`,
  };
  throw new LaunchError(faults[code] ?? `Nothing can listen at HOST ${host}, port ${String(port)} (${code})`);
}

/**
 * Asked for one after the other: two searches at the same time could find the same port.
 * @param api the port that the API will listen at
 */
async function ownServers(api: number, usual: UsualPorts): Promise<OwnServers> {
  return {
    ...(!isSet('MONGODB_URI') && { database: await freePort(usual.database, api) }),
    ...(!isSet('REDIS_URL') && { queueRedis: await freePort(usual.queueRedis, api) }),
    ...(!isSet('CACHE_REDIS_URL') && { cacheRedis: await freePort(usual.cacheRedis, api) }),
    ...(!isSet('SMTP_URL') && { mail: await freePort(usual.mail, api) }),
  };
}

function namedRedis({ redis: { queueUrl, cacheUrl, password } }: Config): NamedRedis[] {
  const both: NamedRedis[] = [
    { variable: 'REDIS_URL', url: queueUrl, password },
    { variable: 'CACHE_REDIS_URL', url: cacheUrl, password },
  ];
  return both.filter(({ variable }) => isSet(variable));
}

function missingSecrets(data: DataDirectory): Partial<Secrets> {
  const known = Object.entries(developmentSecrets(data.pathOf('secrets.json')));
  return Object.fromEntries(known.filter(([variable]) => !isSet(variable as keyof Secrets)));
}

const redisUrl = (port: number): string => `redis://127.0.0.1:${String(port)}`;
