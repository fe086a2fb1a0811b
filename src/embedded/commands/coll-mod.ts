import { Long } from 'bson';
import type { Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import type { IndexDefinition, IndexSpec } from '../catalog/index-definition.ts';
import { CommandError, notSupported } from '../errors.ts';
import { isObject, numberOf, show, type Fields } from '../query/value-types.ts';
import { okReply } from '../server/reply.ts';
import { read, refuseUnknownFields } from './arguments.ts';
import { namespaceOf, type Command, type CommandContext } from './context.ts';
import { cappedSize, validatorOptions, viewPipeline } from './create-options.ts';
import { checkExpiry } from './expiry.ts';
import { trimCapped } from './insert.ts';

const VIEW_FIELDS = ['viewOn', 'pipeline'];
const COLLECTION_FIELDS = [
  'index',
  'validator',
  'validationLevel',
  'validationAction',
  'cappedSize',
  'cappedMax',
  'expireAfterSeconds',
];
const UNSUPPORTED_FIELDS = ['timeseries', 'changeStreamPreAndPostImages', 'recordPreImages'];
const FIELDS: ReadonlySet<string> = new Set([...VIEW_FIELDS, ...COLLECTION_FIELDS, ...UNSUPPORTED_FIELDS, 'dryRun']);

export const collMod: Command = async (context) => {
  refuseUnknownFields(context, FIELDS);
  const { services, body } = context;
  const namespace = namespaceOf(context);
  const collection = services.catalog.get(namespace);
  if (collection === undefined) throw new CommandError('NamespaceNotFound', `ns does not exist: ${namespace}`);
  refuseFields(collection, body);
  // Every check comes before the first change.
  const index = body.index === undefined ? undefined : indexChange(collection, body.index);
  const options = collection.isView ? viewChange(collection, body) : optionsChange(collection, context);
  if (index !== undefined) index.chosen.spec = index.spec;
  if (options !== undefined) {
    collection.options = options;
    collection.applyOptions();
    if (collection.isCapped) trimCapped(services.records, services.writer, collection);
  }
  if (index !== undefined || options !== undefined) services.catalog.save(services.writer, collection);
  await services.writer.committed();
  return okReply(index?.reply);
};

function refuseFields({ isView }: Collection, body: Document): void {
  for (const name of UNSUPPORTED_FIELDS) {
    const isOff = isObject(body[name]) && body[name].enabled === false;
    if (body[name] !== undefined && !isOff) throw notSupported(`The option '${name}'`);
  }
  const wrong = (isView ? COLLECTION_FIELDS : VIEW_FIELDS).find((name) => body[name] !== undefined);
  if (wrong === undefined) return;
  const kind = isView ? 'view' : 'collection';
  throw new CommandError('InvalidOptions', `option not supported on a ${kind}: ${wrong}`);
}

/** @returns `undefined` where nothing of the options changes */
function optionsChange(collection: Collection, { body, request }: CommandContext): Document | undefined {
  const changed = {
    ...validatorChange(collection, body, request.database),
    ...cappedChange(collection, body),
    ...clusteredChange(collection, body),
  };
  return Object.keys(changed).length === 0 ? undefined : { ...collection.options, ...changed };
}

function validatorChange({ options }: Collection, body: Document, database: string): Document {
  const asked = ['validator', 'validationLevel', 'validationAction'].filter((name) => body[name] !== undefined);
  if (asked.length === 0) return {};
  const { validator, validationLevel, validationAction } = options;
  const known = { ...(validator === undefined ? {} : { validator }), validationLevel, validationAction };
  return validatorOptions(
    'collMod',
    { ...known, ...Object.fromEntries(asked.map((name) => [name, body[name]])) },
    database,
  );
}

function cappedChange({ isCapped }: Collection, body: Document): Document {
  const size = read(body.cappedSize, 'number', 'collMod.cappedSize');
  const max = read(body.cappedMax, 'number', 'collMod.cappedMax');
  if (size === undefined && max === undefined) return {};
  if (!isCapped) throw new CommandError('InvalidOptions', 'Collection must be capped.');
  return { ...(size === undefined ? {} : { size: cappedSize(size) }), ...(max === undefined ? {} : { max }) };
}

function clusteredChange({ options }: Collection, body: Document): Document {
  const { expireAfterSeconds } = body;
  if (expireAfterSeconds === undefined) return {};
  if (options.clusteredIndex === undefined) {
    throw new CommandError(
      'InvalidOptions',
      "'expireAfterSeconds' is only supported on time-series collections or when the 'clusteredIndex' option is specified",
    );
  }
  return { expireAfterSeconds: expireAfterSeconds === 'off' ? undefined : checkExpiry(expireAfterSeconds) };
}

function viewChange({ options }: Collection, body: Document): Document | undefined {
  const viewOn = read(body.viewOn, 'string', 'collMod.viewOn');
  if (viewOn === undefined && body.pipeline === undefined) return undefined;
  if (viewOn === undefined)
    throw new CommandError(
      'InvalidOptions',
      "Must specify both 'viewOn' and 'pipeline' when modifying a view and auth is enabled",
    );
  if (viewOn === '') throw new CommandError('InvalidOptions', "'viewOn' cannot be empty");
  const pipeline = body.pipeline === undefined ? options.pipeline : viewPipeline('collMod.pipeline', body.pipeline);
  return { ...options, viewOn, pipeline };
}

interface IndexChange {
  readonly chosen: IndexDefinition;
  readonly spec: IndexSpec;
  /** What the reply says of it. */
  readonly reply: Document;
}

const INDEX_FIELDS: ReadonlySet<string> = new Set([
  'name',
  'keyPattern',
  'expireAfterSeconds',
  'hidden',
  'unique',
  'prepareUnique',
]);

function indexChange(collection: Collection, value: unknown): IndexChange {
  const asked = read(value, 'object', 'collMod.index') ?? {};
  refuseIndexFields(asked);
  const { expireAfterSeconds, hidden } = asked;
  const chosen = chosenIndex(collection, asked);
  const changes: Change[] = [];
  if (expireAfterSeconds !== undefined) changes.push(expiryChange(collection, chosen, expireAfterSeconds));
  if (hidden !== undefined) changes.push(hiddenChange(collection, chosen, hidden));
  if (changes.length === 0) {
    throw new CommandError('InvalidOptions', 'no expireAfterSeconds, hidden, unique, or prepareUnique field');
  }
  const options = changes.reduce<Fields>((all, change) => ({ ...all, ...change.spec }), { ...chosen.spec });
  const spec = Object.fromEntries(Object.entries(options).filter(([, option]) => option !== undefined));
  const reply = changes.reduce<Document>((all, change) => ({ ...all, ...change.reply }), {});
  return { chosen, spec: spec as unknown as IndexSpec, reply };
}

function refuseIndexFields(asked: Fields): void {
  for (const name of Object.keys(asked)) {
    if (!INDEX_FIELDS.has(name)) {
      throw new CommandError(40415, `BSON field 'collMod.index.${name}' is an unknown field.`);
    }
  }
  if (asked.unique !== undefined || asked.prepareUnique !== undefined) {
    throw notSupported('The conversion of an index to a unique one');
  }
}

function chosenIndex(collection: Collection, { name, keyPattern }: Fields): IndexDefinition {
  if (name === undefined && keyPattern === undefined) {
    throw new CommandError('InvalidOptions', 'Must specify either index name or key pattern.');
  }
  if (name !== undefined && keyPattern !== undefined) {
    throw new CommandError('InvalidOptions', 'Cannot specify both key pattern and name.');
  }
  const wanted = show(keyPattern);
  const found = collection.indexes.filter((index) =>
    name === undefined ? show(index.spec.key) === wanted : index.name === name,
  );
  const [chosen] = found;
  if (chosen === undefined) {
    const shown = typeof name === 'string' ? name : wanted;
    throw new CommandError('IndexNotFound', `cannot find index ${shown} for ns ${collection.namespace}`);
  }
  if (found.length > 1) {
    throw new CommandError(
      181,
      `index keyPattern ${wanted} matches ${String(found.length)} indexes, must use index name.`,
      {
        codeName: 'AmbiguousIndexKeyPattern',
      },
    );
  }
  return chosen;
}

type Change = Pick<IndexChange, 'reply'> & { readonly spec: Fields };

function expiryChange(collection: Collection, index: IndexDefinition, value: unknown): Change {
  if (index === collection.idIndex)
    throw new CommandError('InvalidOptions', 'the _id field does not support TTL indexes');
  if (Object.keys(index.spec.key).length > 1) {
    throw new CommandError(
      'InvalidOptions',
      'TTL indexes are single-field indexes, compound indexes do not support TTL',
    );
  }
  const seconds = checkExpiry(value);
  const before = numberOf(index.spec.expireAfterSeconds);
  const old = before === undefined ? {} : { expireAfterSeconds_old: Long.fromNumber(before) };
  return {
    spec: { expireAfterSeconds: seconds },
    reply: before === seconds ? {} : { ...old, expireAfterSeconds_new: Long.fromNumber(seconds) },
  };
}

function hiddenChange(collection: Collection, index: IndexDefinition, value: unknown): Change {
  const hidden = read(value, 'bool', 'collMod.index.hidden') === true;
  if (index === collection.idIndex) throw new CommandError('BadValue', "can't hide _id index");
  const before = index.isHidden;
  return {
    spec: { hidden: hidden ? true : undefined },
    reply: before === hidden ? {} : { hidden_old: before, hidden_new: hidden },
  };
}
