import { CommandError } from '../errors.ts';
import { typeNameOf } from '../query/expression-arguments.ts';
import { isObject, numberOf, type Fields } from '../query/value-types.ts';
import type { CommandContext } from './context.ts';

/** What every command accepts beside its own fields. Source: generic_argument.idl of MongoDB 7.0. */
const GENERIC: ReadonlySet<string> = new Set([
  '$db',
  '$readPreference',
  '$clusterTime',
  'lsid',
  'txnNumber',
  'autocommit',
  'startTransaction',
  'stmtId',
  'readConcern',
  'writeConcern',
  'maxTimeMS',
  'comment',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
  'readPreference',
  'collectionUUID',
  'rawData',
  'maxTimeMSOpOnly',
  '$audit',
  '$client',
  '$replData',
  '$oplogQueryData',
]);

/** @throws IDLUnknownField (40415) for a field that the command does not have */
export function refuseUnknownFields(
  { request, body }: Pick<CommandContext, 'body' | 'request'>,
  known: ReadonlySet<string>,
): void {
  for (const name of Object.keys(body)) {
    if (name === request.name || known.has(name) || GENERIC.has(name)) continue;
    throw new CommandError(40415, `BSON field '${request.name}.${name}' is an unknown field.`);
  }
}

/** @throws TypeMismatch (14) */
export function wrongType(path: string, value: unknown, expected: string): CommandError {
  const wanted = expected.startsWith('[') ? `types '${expected}'` : `type '${expected}'`;
  return new CommandError(
    'TypeMismatch',
    `BSON field '${path}' is the wrong type '${typeNameOf(value)}', expected ${wanted}`,
  );
}

/** @throws IDLFailedToParse (40414) */
export function missingField(path: string): CommandError {
  return new CommandError(40414, `BSON field '${path}' is missing but a required field`);
}

interface Types {
  readonly object: Fields;
  readonly string: string;
  readonly array: readonly unknown[];
  readonly bool: boolean;
  readonly number: number;
}

const READERS: { readonly [Type in keyof Types]: (value: unknown) => Types[Type] | undefined } = {
  object: (value) => (isObject(value) ? value : undefined),
  string: (value) => (typeof value === 'string' ? value : undefined),
  array: (value) => (Array.isArray(value) ? value : undefined),
  // Commands take numbers for booleans ("safeBool").
  bool: (value) =>
    typeof value === 'boolean' ? value : numberOf(value) === undefined ? undefined : numberOf(value) !== 0,
  number: numberOf,
};

/** Names of types in MongoDB's messages, where they are not one type of BSON. */
const EXPECTED: Readonly<Record<keyof Types, string>> = {
  object: 'object',
  string: 'string',
  array: 'array',
  bool: '[bool, long, int, decimal, double]',
  number: '[long, int, decimal, double]',
};

/**
 * A field of a command, `undefined` where it is missing or null.
 * @param path as messages show it, such as `create.size`
 * @throws TypeMismatch (14)
 */
export function read<Type extends keyof Types>(value: unknown, type: Type, path: string): Types[Type] | undefined {
  if (value === undefined || value === null) return undefined;
  const found = READERS[type](value);
  if (found === undefined) throw wrongType(path, value, EXPECTED[type]);
  return found;
}

/** @throws Unauthorized (13) where the command was sent to another database */
export function requireAdmin({ request }: Pick<CommandContext, 'request'>): void {
  if (request.database === 'admin') return;
  throw new CommandError('Unauthorized', `${request.name} may only be run against the admin database.`);
}
