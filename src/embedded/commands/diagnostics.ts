import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { Long, Timestamp } from 'bson';
import type { Document } from '../bson/codec.ts';
import { CommandError, notSupported } from '../errors.ts';
import { isObject } from '../query/value-types.ts';
import { DEFAULT_SET_NAME, helloReply } from '../server/hello.ts';
import { okReply } from '../server/reply.ts';
import { read, requireAdmin } from './arguments.ts';
import type { Command } from './context.ts';
import { operationCommands } from './current-op.ts';
import { parameterCommands } from './parameters.ts';
import { serverStatus } from './server-status.ts';
import { VERSION } from './version.ts';

const MEBIBYTE = 1_048_576;

const hello: Command = ({ services, request }) => okReply(helloReply({ ...services.address, request }));

const ping: Command = () => okReply();

const buildInfo: Command = () =>
  okReply({
    version: VERSION,
    gitVersion: 'embedded document server',
    modules: [],
    allocator: 'system',
    javascriptEngine: 'none',
    sysInfo: 'deprecated',
    versionArray: [...VERSION.split('.').map(Number), 0],
    openssl: { running: 'disabled' },
    buildEnvironment: { distarch: arch(), target_arch: arch(), target_os: platform() },
    bits: 64,
    debug: false,
    maxBsonObjectSize: 16_777_216,
    storageEngines: ['lmdb'],
  });

const hostInfo: Command = () =>
  okReply({
    system: {
      currentTime: new Date(),
      hostname: hostname(),
      cpuAddrSize: 64,
      memSizeMB: Long.fromNumber(Math.floor(totalmem() / MEBIBYTE)),
      memLimitMB: Long.fromNumber(Math.floor(totalmem() / MEBIBYTE)),
      numCores: cpus().length,
      cpuArch: arch() === 'x64' ? 'x86_64' : arch(),
      numaEnabled: false,
    },
    os: { type: platform(), name: platform(), version: release() },
    extra: { pageSize: Long.fromNumber(4_096) },
  });

const connectionStatus: Command = ({ body }) => {
  const authInfo: Document = { authenticatedUsers: [], authenticatedUserRoles: [] };
  if (body.showPrivileges === true) authInfo.authenticatedUserPrivileges = [];
  return okReply({ authInfo });
};

const LOGS = ['global', 'startupWarnings'];

const getLog: Command = (context) => {
  requireAdmin(context);
  const name = read(context.body.getLog, 'string', 'getLog.getLog') ?? '';
  if (name === '*') return okReply({ names: LOGS });
  if (!LOGS.includes(name)) throw new CommandError('OperationFailed', `No log named '${name}'`);
  return okReply({ totalLinesWritten: 0, log: [] });
};

const getCmdLineOpts: Command = (context) => {
  requireAdmin(context);
  const { address, dataDir } = context.services;
  const parsed = {
    net: { bindIp: address.host, port: address.port },
    replication: { replSet: DEFAULT_SET_NAME },
    ...(dataDir === undefined ? {} : { storage: { dbPath: dataDir } }),
  };
  return okReply({ argv: ['mongod'], parsed });
};

const whatsmyuri: Command = ({ request }) => okReply({ you: request.connection.remoteAddress });

const configureFailPoint: Command = (context) => {
  requireAdmin(context);
  const { services, body } = context;
  const name = read(body.configureFailPoint, 'string', 'configureFailPoint.configureFailPoint') ?? '';
  const data = body.data === undefined ? {} : read(body.data, 'object', 'configureFailPoint.data');
  if (!isObject(body.mode) && typeof body.mode !== 'string') {
    throw new CommandError('BadValue', "no 'mode' found in the command");
  }
  services.failPoints.configure(name, body.mode, data ?? {});
  return okReply({ count: 0 });
};

/** A write is on the disk when it is answered, so that nothing is left to flush. */
const fsync: Command = async (context) => {
  requireAdmin(context);
  if (context.body.lock === true) throw notSupported('Locking the server by fsync');
  await context.services.writer.committed();
  return okReply({ numFiles: 1 });
};

/** Nothing is profiled; tools ask for the level, and may ask for it to stay. */
const profile: Command = ({ body }) => {
  const level = read(body.profile, 'number', 'profile.profile') ?? 0;
  if (level > 0) throw notSupported('The profiler');
  return okReply({ was: 0, slowms: 100, sampleRate: 1 });
};

const replSetGetStatus: Command = (context) => {
  requireAdmin(context);
  const { address, startedAt } = context.services;
  const now = new Date();
  const opTime = { ts: new Timestamp({ t: Math.floor(now.getTime() / 1_000), i: 1 }), t: Long.ONE };
  const member = {
    _id: 0,
    name: `${address.host}:${String(address.port)}`,
    health: 1,
    state: 1,
    stateStr: 'PRIMARY',
    uptime: Math.floor((now.getTime() - startedAt.getTime()) / 1_000),
    optime: opTime,
    optimeDate: now,
    electionDate: startedAt,
    configVersion: 1,
    configTerm: 1,
    self: true,
  };
  return okReply({
    set: DEFAULT_SET_NAME,
    date: now,
    myState: 1,
    term: Long.ONE,
    heartbeatIntervalMillis: Long.fromNumber(2_000),
    majorityVoteCount: 1,
    writeMajorityCount: 1,
    votingMembersCount: 1,
    writableVotingMembersCount: 1,
    optimes: { lastCommittedOpTime: opTime, appliedOpTime: opTime, durableOpTime: opTime },
    members: [member],
  });
};

const replSetGetConfig: Command = (context) => {
  requireAdmin(context);
  const { address } = context.services;
  const member = {
    _id: 0,
    host: `${address.host}:${String(address.port)}`,
    arbiterOnly: false,
    hidden: false,
    priority: 1,
    tags: {},
    votes: 1,
  };
  return okReply({
    config: { _id: DEFAULT_SET_NAME, version: 1, term: 1, members: [member], protocolVersion: Long.ONE },
  });
};

const getDefaultRWConcern: Command = (context) => {
  requireAdmin(context);
  return okReply({
    defaultReadConcern: { level: 'local' },
    defaultWriteConcern: { w: 'majority', wtimeout: 0 },
    defaultWriteConcernSource: 'implicit',
    defaultReadConcernSource: 'implicit',
    localUpdateWallClockTime: new Date(),
  });
};

/** Nothing is authenticated, so that this ends nothing. */
const logout: Command = () => okReply();

export const diagnosticCommands: Readonly<Record<string, Command>> = {
  hello,
  isMaster: hello,
  ismaster: hello,
  ping,
  buildInfo,
  buildinfo: buildInfo,
  hostInfo,
  serverStatus,
  connectionStatus,
  getLog,
  getCmdLineOpts,
  whatsmyuri,
  configureFailPoint,
  fsync,
  profile,
  replSetGetStatus,
  replSetGetConfig,
  getDefaultRWConcern,
  logout,
  ...parameterCommands,
  ...operationCommands,
};
