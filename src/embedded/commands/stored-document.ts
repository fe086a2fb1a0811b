import { ObjectId } from 'bson';
import { decode, decodeTyped, documentOf, encode, rawField, rawValues, validateDocument } from '../bson/codec.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Collection } from '../catalog/collection.ts';
import { BsonType } from '../bson/values.ts';
import { CommandError } from '../errors.ts';
import { bytesTest } from '../plan/record-source.ts';
import { explainFailure } from '../query/explain-failure.ts';
import type { WritableView } from '../storage/view.ts';

/** MongoDB's longest document. */
const MAX_DOCUMENT_BYTES = 16 * 1_024 * 1_024;

/** Types that an `_id` must not have. */
const REFUSED_ID_TYPES: ReadonlyMap<number, string> = new Map([
  [BsonType.array, 'array'],
  [BsonType.regex, 'regex'],
  [BsonType.undefined, 'undefined'],
]);

/**
 * A document as it is stored: checked, with an `_id`, which stands first.
 * @throws BSONObjectTooLarge (10334), InvalidIdField (53), Overflow (15) for what is nested too deeply
 */
export function storable(bytes: Buffer): Buffer {
  refuseLong(bytes);
  validateDocument(bytes);
  const id = rawField(bytes, '_id');
  if (id === undefined) return withId(bytes);
  const refused = REFUSED_ID_TYPES.get(id.type);
  if (refused !== undefined) {
    throw new CommandError('InvalidIdField', `The '_id' value cannot be of type ${refused}`);
  }
  return isFirst(bytes) ? bytes : idFirst(bytes);
}

export function refuseLong(bytes: Buffer): void {
  if (bytes.length <= MAX_DOCUMENT_BYTES) return;
  throw new CommandError(
    'BSONObjectTooLarge',
    `object to insert too large. size in bytes: ${String(bytes.length)}, max size: ${String(MAX_DOCUMENT_BYTES)}`,
  );
}

/** @throws BSONObjectTooLarge (10334) for what an update has made too long */
export function refuseGrown(bytes: Buffer): void {
  if (bytes.length <= MAX_DOCUMENT_BYTES) return;
  const most = String(MAX_DOCUMENT_BYTES);
  throw new CommandError('BSONObjectTooLarge', `Resulting document after update is larger than ${most}`);
}

/** Whether the first element's name is `_id`. */
function isFirst(bytes: Buffer): boolean {
  return bytes[5] === 0x5f && bytes[6] === 0x69 && bytes[7] === 0x64 && bytes[8] === 0;
}

function withId(bytes: Buffer): Buffer {
  const id = encode({ _id: new ObjectId() });
  const total = id.length + bytes.length - 5;
  const result = Buffer.allocUnsafe(total);
  result.writeInt32LE(total, 0);
  id.copy(result, 4, 4, id.length - 1);
  bytes.copy(result, id.length - 1, 4);
  return result;
}

function idFirst(bytes: Buffer): Buffer {
  return documentOf(rawValues(bytes).toSorted((a, b) => Number(b.name === '_id') - Number(a.name === '_id')));
}

/** @throws DocumentValidationFailure (121) where the collection's validator does not accept the document */
export function validate(collection: Collection, bytes: Buffer, options: { bypass: boolean; before?: Buffer }): void {
  const { validator } = collection;
  if (validator === undefined || options.bypass || validator.level === 'off' || validator.action === 'warn') return;
  const isValid = bytesTest(validator.matcher);
  if (isValid(bytes)) return;
  // "Moderate" lets documents stay wrong that were wrong before.
  if (validator.level === 'moderate' && options.before !== undefined && !isValid(options.before)) return;
  const document = validator.matcher.needsTypedNumbers ? decodeTyped(bytes) : decode(bytes);
  throw new CommandError('DocumentValidationFailure', 'Document failed validation', {
    errInfo: { failingDocumentId: document._id, details: explainFailure(validator.filter, document) },
  });
}

/** The collection that a write names; made when it is the first. */
export function ensureCollection(catalog: Catalog, writer: WritableView, namespace: string): Collection {
  return writableCollection(catalog, namespace) ?? catalog.create(writer, namespace, {});
}

/**
 * The collection that a write names, if there is one.
 * @throws CommandNotSupportedOnView (166)
 */
export function writableCollection(catalog: Catalog, namespace: string): Collection | undefined {
  const collection = catalog.get(namespace);
  if (collection?.isView === true) {
    throw new CommandError('CommandNotSupportedOnView', `Namespace ${namespace} is a view, not a collection`);
  }
  return collection;
}
