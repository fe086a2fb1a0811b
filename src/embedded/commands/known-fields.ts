import type { Document } from '../bson/codec.ts';
import { CommandError } from '../errors.ts';
import type { Request } from '../server/request.ts';
import { refuseUnknownFields } from './arguments.ts';

const WRITE = [
  'ordered',
  'bypassDocumentValidation',
  'let',
  'stmtIds',
  'stmtId',
  'legacyRuntimeConstants',
  'encryptionInformation',
];

/** The fields of the commands that read and write. Source: the .idl files of src/mongo/db/query and ops, MongoDB 7.0. */
const COMMANDS: Readonly<Record<string, ReadonlySet<string>>> = {
  find: new Set([
    'filter',
    'projection',
    'sort',
    'hint',
    'collation',
    'skip',
    'limit',
    'batchSize',
    'singleBatch',
    'allowDiskUse',
    'min',
    'max',
    'returnKey',
    'showRecordId',
    'tailable',
    'oplogReplay',
    'noCursorTimeout',
    'awaitData',
    'allowPartialResults',
    'mirrored',
    'readOnce',
    'let',
    'legacyRuntimeConstants',
    'encryptionInformation',
    'requestResumeToken',
    'resumeAfter',
    'term',
  ]),
  getMore: new Set(['collection', 'batchSize', 'maxTimeMS', 'term', 'lastKnownCommittedOpTime']),
  insert: new Set([...WRITE, 'documents']),
  update: new Set([...WRITE, 'updates']),
  delete: new Set([...WRITE, 'deletes']),
  findAndModify: new Set([
    ...WRITE,
    'query',
    'sort',
    'remove',
    'update',
    'new',
    'fields',
    'upsert',
    'collation',
    'arrayFilters',
    'hint',
  ]),
  count: new Set(['query', 'limit', 'skip', 'hint', 'collation', 'fields', 'queryOptions']),
  distinct: new Set(['key', 'query', 'collation', 'hint', 'queryOptions']),
};

const UPDATE_STATEMENT: ReadonlySet<string> = new Set([
  'q',
  'u',
  'c',
  'multi',
  'upsert',
  'arrayFilters',
  'hint',
  'collation',
  'upsertSupplied',
  'sampleId',
]);

const DELETE_STATEMENT: ReadonlySet<string> = new Set(['q', 'limit', 'hint', 'collation', 'sampleId']);

/** @throws IDLUnknownField (40415): a misspelt option must not be taken for one that is not there */
export function checkFields(request: Request): void {
  const known = COMMANDS[request.name];
  if (known !== undefined) refuseUnknownFields({ request, body: request.body }, known);
}

/** @throws IDLUnknownField (40415) */
export function checkUpdateStatement(statement: Document): void {
  refuse(statement, UPDATE_STATEMENT, 'update.updates');
}

/** @throws IDLUnknownField (40415) */
export function checkDeleteStatement(statement: Document): void {
  refuse(statement, DELETE_STATEMENT, 'delete.deletes');
}

function refuse(statement: Document, known: ReadonlySet<string>, path: string): void {
  const unknown = Object.keys(statement).find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new CommandError(40415, `BSON field '${path}.${unknown}' is an unknown field.`);
}
