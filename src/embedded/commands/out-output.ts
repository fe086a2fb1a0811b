import { randomBytes } from 'node:crypto';
import type { Document } from '../bson/codec.ts';
import type { AggregationSpec } from '../aggregate/aggregation.ts';
import { checkNamespace } from '../catalog/catalog.ts';
import type { Collection } from '../catalog/collection.ts';
import { CommandError } from '../errors.ts';
import { isObject } from '../query/value-types.ts';
import { dropCollection } from './collection-commands.ts';
import type { CommandContext, Services } from './context.ts';
import type { DocumentStream } from './cursors.ts';
import { isBuilding } from './index-build.ts';
import { forEachResult } from './result-writer.ts';
import { storable, validate } from './stored-document.ts';
import { whenFree } from './write-runner.ts';

const TEMPORARY_PREFIX = 'tmp.agg_out.';

/** The collection that `$out` names. */
function targetOf(argument: unknown, { request }: CommandContext): string {
  if (typeof argument === 'string') return `${request.database}.${argument}`;
  if (!isObject(argument))
    throw new CommandError(16990, `$out only supports a string or object argument, but found ${typeof argument}`);
  for (const name of Object.keys(argument)) {
    if (name === 'timeseries')
      throw new CommandError(
        'CommandFailed',
        'time series collections are not supported by the embedded server; set MONGODB_URI to a MongoDB replica set to use them',
      );
    if (name !== 'db' && name !== 'coll')
      throw new CommandError(40415, `BSON field '$out.${name}' is an unknown field.`);
  }
  const { db, coll } = argument;
  if (typeof db !== 'string') throw new CommandError(40414, "BSON field '$out.db' is missing but a required field");
  if (typeof coll !== 'string') throw new CommandError(40414, "BSON field '$out.coll' is missing but a required field");
  return `${db}.${coll}`;
}

/**
 * Writes results into a new collection, which then takes the place and the indexes of the one named: until the end nobody sees
 * anything of it, and after a failure nothing has changed.
 */
export async function replaceResults(
  context: CommandContext,
  argument: unknown,
  _spec: AggregationSpec,
  open: () => Promise<DocumentStream>,
): Promise<void> {
  const target = targetOf(argument, context);
  checkNamespace(target);
  const { catalog, writer, records } = context.services;
  const before = catalog.get(target);
  refuse(before);
  const stream = await open();
  const made = temporary(context, target, before);
  const bypass = context.body.bypassDocumentValidation === true;
  try {
    await forEachResult(context, stream, (bytes) => {
      const stored = storable(bytes);
      validate(made, stored, { bypass });
      records.insert(writer, made, stored);
    });
    await whenFree(context, () => {
      if (catalog.get(made.namespace) !== made)
        throw new CommandError('QueryPlanKilled', `collection dropped or renamed: ${made.namespace}`);
      const replaced = catalog.get(target);
      if (replaced !== undefined) dropCollection(context.services, replaced);
      catalog.rename(writer, made, target);
    });
  } catch (error) {
    if (catalog.get(made.namespace) === made) catalog.drop(writer, made);
    await writer.committed();
    throw error;
  }
  await writer.committed();
}

/** Removes what was being written when the server ended. Called before the first command. */
export function dropUnfinishedOutput({ catalog, writer }: Pick<Services, 'catalog' | 'writer'>): void {
  const unfinished = [...catalog.all()].filter(({ name }) => name.startsWith(TEMPORARY_PREFIX));
  for (const collection of unfinished) catalog.drop(writer, collection);
}

function refuse(collection: Collection | undefined): void {
  if (collection?.isView === true) {
    throw new CommandError(
      'CommandNotSupportedOnView',
      `Namespace ${collection.namespace} is a view, not a collection`,
    );
  }
  if (collection?.isCapped === true) {
    throw new CommandError(17152, `namespace '${collection.namespace}' is capped so it can't be used for $out`);
  }
}

function temporary({ services }: CommandContext, target: string, before: Collection | undefined): Collection {
  const { catalog, writer } = services;
  const database = target.slice(0, target.indexOf('.'));
  const namespace = `${database}.${TEMPORARY_PREFIX}${randomBytes(8).toString('hex')}`;
  const options: Document = before === undefined ? {} : before.options;
  const made = catalog.create(writer, namespace, options);
  const indexes = before?.indexes.slice(1) ?? [];
  for (const { spec } of indexes.filter((index) => !isBuilding(index))) {
    catalog.addIndex(writer, made, catalog.newIndex(writer, spec));
  }
  return made;
}
