import { CommandError } from '../errors.ts';
import { isObject } from '../query/value-types.ts';
import type { Request } from '../server/request.ts';

/** The commands of MongoDB's stable API, version 1. Source: the manual's page on the Stable API, 7.0. */
const COMMANDS: ReadonlySet<string> = new Set([
  'abortTransaction',
  'aggregate',
  'collMod',
  'commitTransaction',
  'count',
  'create',
  'createIndexes',
  'delete',
  'drop',
  'dropDatabase',
  'dropIndexes',
  'endSessions',
  'explain',
  'find',
  'findAndModify',
  'getMore',
  'hello',
  'insert',
  'killCursors',
  'listCollections',
  'listDatabases',
  'listIndexes',
  'ping',
  'refreshSessions',
  'update',
]);

/** Stages that are not in it. */
const OTHER_STAGES: ReadonlySet<string> = new Set([
  '$currentOp',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$planCacheStats',
  '$search',
]);

/**
 * @throws InvalidOptions (72), APIVersionError (322) for any version but 1, APIStrictError (323) for what is not in it
 * where only that was asked for
 */
export function checkApi({ name, body }: Request): void {
  const { apiVersion, apiStrict, pipeline } = body;
  if (apiVersion === undefined) {
    throw new CommandError('InvalidOptions', "Provided apiStrict without passing in the 'apiVersion' parameter");
  }
  if (apiVersion !== '1') throw new CommandError('APIVersionError', 'API version must be "1"');
  if (apiStrict !== true) return;
  if (!COMMANDS.has(name)) throw notInApi(`the command ${name}`);
  const stages = Array.isArray(pipeline)
    ? pipeline.flatMap((stage) => (isObject(stage) ? Object.keys(stage) : []))
    : [];
  const other = stages.find((stage) => OTHER_STAGES.has(stage));
  if (other !== undefined) throw notInApi(`stage ${other}`);
}

function notInApi(what: string): CommandError {
  return new CommandError(
    'APIStrictError',
    `Provided apiStrict:true, but ${what} is not in API Version 1. Information on supported commands and migrations in API Version 1 can be found at https://dochub.mongodb.org/core/manual-versioned-api`,
  );
}
