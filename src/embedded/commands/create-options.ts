import { encode, type Document } from '../bson/codec.ts';
import { CommandError, notSupported } from '../errors.ts';
import { parseCollation } from '../query/collation.ts';
import { compileMatcher } from '../query/matcher.ts';
import { isObject, show, type Fields } from '../query/value-types.ts';
import { missingField, read, wrongType } from './arguments.ts';
import { checkExpiry } from './expiry.ts';

/** What `create` may be given. */
export const CREATE_FIELDS: ReadonlySet<string> = new Set([
  'autoIndexId',
  'capped',
  'changeStreamPreAndPostImages',
  'clusteredIndex',
  'collation',
  'encryptedFields',
  'expireAfterSeconds',
  'flags',
  'idIndex',
  'indexOptionDefaults',
  'max',
  'pipeline',
  'recordPreImages',
  'size',
  'storageEngine',
  'temp',
  'timeseries',
  'validationAction',
  'validationLevel',
  'validator',
  'viewOn',
]);

const PETABYTE = 1024 ** 5;
const SIZE_UNIT_BYTES = 256;

/** Stages that write have no place in a view. */
const REFUSED_IN_VIEWS: ReadonlySet<string> = new Set(['$out', '$merge']);

/** Databases that the server itself uses. */
const INTERNAL_DATABASES: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

/**
 * The options of a collection as `listCollections` shows them, of what `create` was given.
 * @throws CommandError as MongoDB refuses options and combinations of them
 */
export function createOptions(body: Document, database: string): Document {
  refuseUnsupported(body);
  if (body.viewOn !== undefined) return viewOptions(body);
  if (body.pipeline !== undefined) {
    throw new CommandError('InvalidOptions', "'pipeline' requires 'viewOn' to also be specified");
  }
  return {
    ...cappedOptions(body),
    ...validatorOptions('create', body, database),
    ...clusteredOptions(body),
    ...collationOption(body),
    ...given(body, 'storageEngine', 'indexOptionDefaults', 'autoIndexId'),
    ...(isObject(body.changeStreamPreAndPostImages) ? { changeStreamPreAndPostImages: { enabled: false } } : {}),
  };
}

function refuseUnsupported(body: Document): void {
  if (body.timeseries !== undefined) throw notSupported('A time series collection');
  if (body.encryptedFields !== undefined) throw notSupported('An encrypted collection');
  const images = read(body.changeStreamPreAndPostImages, 'object', 'create.changeStreamPreAndPostImages');
  if (images?.enabled === true) throw notSupported("The option 'changeStreamPreAndPostImages'");
  if (body.temp === true) throw new CommandError('InvalidOptions', "the 'temp' field is an invalid option");
}

function cappedOptions(body: Document): Document {
  const capped = read(body.capped, 'bool', 'create.capped') === true;
  const size = read(body.size, 'number', 'create.size');
  const max = read(body.max, 'number', 'create.max');
  if (size !== undefined) checkRange('create.size', size, 1, PETABYTE);
  if (max !== undefined) checkRange('create.max', max, -Infinity, 2 ** 31 - 1);
  if (!capped) {
    if (size === undefined && max === undefined) return {};
    throw new CommandError(
      'InvalidOptions',
      "the 'capped' field needs to be true when either the 'size' or 'max' fields are present",
    );
  }
  if (size === undefined)
    throw new CommandError('InvalidOptions', "the 'size' field is required when 'capped' is true");
  return { capped: true, size: cappedSize(size), ...(max === undefined || max <= 0 ? {} : { max }) };
}

/** Sizes of capped collections are whole units. */
export function cappedSize(size: number): number {
  return Math.ceil(size / SIZE_UNIT_BYTES) * SIZE_UNIT_BYTES;
}

export function checkRange(path: string, value: number, from: number, to: number): void {
  const field = path.split('.').at(-1) ?? path;
  if (value < from) {
    throw new CommandError(
      51024,
      `BSON field '${field}' value must be >= ${String(from)}, actual value '${String(value)}'`,
    );
  }
  if (value > to) {
    throw new CommandError(
      51024,
      `BSON field '${field}' value must be <= ${String(to)}, actual value '${String(value)}'`,
    );
  }
}

const LEVELS = ['off', 'strict', 'moderate'];
const ACTIONS = ['error', 'warn'];

/** `validator`, `validationLevel` and `validationAction`, the latter two filled in where there is a validator. */
export function validatorOptions(command: string, body: Document, database: string): Document {
  const validator = read(body.validator, 'object', `${command}.validator`);
  const validationLevel = oneOf(`${command}.validationLevel`, body.validationLevel, LEVELS);
  const validationAction = oneOf(`${command}.validationAction`, body.validationAction, ACTIONS);
  if (validator === undefined) {
    return { ...(validationLevel && { validationLevel }), ...(validationAction && { validationAction }) };
  }
  checkValidator(validator, database);
  return { validator, validationLevel: validationLevel ?? 'strict', validationAction: validationAction ?? 'error' };
}

function checkValidator(validator: Fields, database: string): void {
  if (INTERNAL_DATABASES.has(database)) {
    const message = `Document validators are not allowed on collections in the ${database} database`;
    throw new CommandError('InvalidOptions', message);
  }
  if (compileMatcher(validator).hasText) {
    throw new CommandError('QueryFeatureNotAllowed', '$text is not allowed in this context');
  }
}

function oneOf(path: string, value: unknown, allowed: readonly string[]): string | undefined {
  const name = read(value, 'string', path);
  if (name === undefined || allowed.includes(name)) return name;
  throw new CommandError('BadValue', `Enumeration value '${name}' for field '${path}' is not a valid value.`);
}

/** Documents lie as everywhere else; only what is shown of the collection differs, and that its `_id` may expire. */
function clusteredOptions(body: Document): Document {
  const { clusteredIndex, expireAfterSeconds } = body;
  if (clusteredIndex === undefined) {
    if (expireAfterSeconds === undefined) return {};
    throw new CommandError(
      'InvalidOptions',
      "'expireAfterSeconds' is only supported on time-series collections or when the 'clusteredIndex' option is specified",
    );
  }
  if (!isObject(clusteredIndex)) throw wrongType('create.clusteredIndex', clusteredIndex, 'object');
  const path = 'create.clusteredIndex';
  const { key, unique, name } = clusteredIndex;
  if (key === undefined) throw missingField(`${path}.key`);
  if (unique === undefined) throw missingField(`${path}.unique`);
  if (show(key) !== '{ _id: 1 }') {
    throw new CommandError(6243700, 'The clusteredIndex option is only supported on key: {_id: 1}', {});
  }
  if (unique !== true)
    throw new CommandError(6243701, 'The clusteredIndex option requires unique: true to be specified');
  return {
    clusteredIndex: { v: 2, key, name: read(name, 'string', `${path}.name`) ?? '_id_', unique: true },
    ...(expireAfterSeconds === undefined ? {} : { expireAfterSeconds: checkExpiry(expireAfterSeconds) }),
  };
}

function collationOption(body: Document): Document {
  const collation = parseCollation(body.collation);
  return collation === undefined ? {} : { collation: collation.spec };
}

function viewOptions(body: Document): Document {
  const viewOn = read(body.viewOn, 'string', 'create.viewOn');
  if (viewOn === undefined || viewOn === '') {
    throw new CommandError('BadValue', "'viewOn' cannot be empty");
  }
  for (const name of [
    'capped',
    'size',
    'max',
    'validator',
    'validationLevel',
    'validationAction',
    'clusteredIndex',
    'idIndex',
  ]) {
    if (body[name] !== undefined && body[name] !== false) {
      throw new CommandError('InvalidOptions', `'${name}' is not allowed with 'viewOn'`);
    }
  }
  return { viewOn, pipeline: viewPipeline('create.pipeline', body.pipeline), ...collationOption(body) };
}

/** The stages of a view, checked as far as they need no data. */
export function viewPipeline(path: string, value: unknown): readonly Fields[] {
  const pipeline = read(value, 'array', path) ?? [];
  return pipeline.map((stage) => {
    if (!isObject(stage))
      throw new CommandError('TypeMismatch', "Each element of the 'pipeline' array must be an object");
    const [name] = Object.keys(stage);
    if (name !== undefined && REFUSED_IN_VIEWS.has(name)) {
      throw new CommandError(
        'OptionNotSupportedOnView',
        `The aggregation stage ${name} in location 0 of the pipeline cannot be used in the view definition`,
      );
    }
    return stage;
  });
}

function given(body: Document, ...names: readonly string[]): Document {
  return Object.fromEntries(names.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]));
}

/** Whether a collection that is asked for is the one that is there already. */
export function hasOptions(existing: Document, asked: Document): boolean {
  return canonical(existing).equals(canonical(asked));
}

function canonical(options: Document): Buffer {
  const { autoIndexId, ...rest } = options;
  return encode(
    Object.fromEntries(Object.entries({ ...rest, ...(autoIndexId === false && { autoIndexId }) }).sort(byName)),
  );
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
