import { aggregateCommands } from './aggregate.ts';
import { collectionCommands } from './collection-commands.ts';
import type { Command } from './context.ts';
import { count, distinct } from './count.ts';
import { databaseCommands } from './database-commands.ts';
import { remove } from './delete.ts';
import { diagnosticCommands } from './diagnostics.ts';
import { explain } from './explain.ts';
import { findAndModify } from './find-and-modify.ts';
import { find } from './find.ts';
import { getMore, killCursors } from './get-more.ts';
import { indexCommands } from './index-commands.ts';
import { insert } from './insert.ts';
import { sessionCommands } from './sessions-commands.ts';
import { update } from './update.ts';

/** Every command by its name on the wire. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>(
  Object.entries({
    find,
    getMore,
    killCursors,
    insert,
    update,
    delete: remove,
    findAndModify,
    findandmodify: findAndModify,
    count,
    distinct,
    explain,
    ...aggregateCommands,
    ...collectionCommands,
    ...databaseCommands,
    ...indexCommands,
    ...diagnosticCommands,
    ...sessionCommands,
  }),
);

/** What MongoDB lets run in a transaction of several statements. */
export const IN_TRANSACTION: ReadonlySet<string> = new Set([
  'abortTransaction',
  'aggregate',
  'commitTransaction',
  'create',
  'createIndexes',
  'delete',
  'distinct',
  'find',
  'findAndModify',
  'findandmodify',
  'getMore',
  'insert',
  'killCursors',
  'update',
]);

/** What can read the data as it was at a point of time, outside of a transaction. */
export const AT_A_POINT_OF_TIME: ReadonlySet<string> = new Set(['aggregate', 'distinct', 'find']);
