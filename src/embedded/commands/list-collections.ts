import { Binary } from 'bson';
import type { Document } from '../bson/codec.ts';
import type { Collection } from '../catalog/collection.ts';
import { compileMatcher } from '../query/matcher.ts';
import { read, refuseUnknownFields } from './arguments.ts';
import type { Command } from './context.ts';
import { listReply } from './listing.ts';

const FIELDS: ReadonlySet<string> = new Set(['filter', 'nameOnly', 'authorizedCollections', 'cursor']);

export const listCollections: Command = (context) => {
  refuseUnknownFields(context, FIELDS);
  const { services, request, body } = context;
  const filter = read(body.filter, 'object', 'listCollections.filter') ?? {};
  const isNameOnly = read(body.nameOnly, 'bool', 'listCollections.nameOnly') === true;
  const matcher = compileMatcher(filter);
  const found = services.catalog.of(request.database).map(entryOf);
  const chosen = found.filter((entry) => matcher.test(isNameOnly ? nameOf(entry) : entry));
  return listReply(context, `${request.database}.$cmd.listCollections`, isNameOnly ? chosen.map(nameOf) : chosen);
};

function entryOf({ name, options, uuid, isView, idIndex }: Collection): Document {
  if (isView) return { name, type: 'view', options, info: { readOnly: true } };
  const info = { readOnly: false, uuid: new Binary(uuid, Binary.SUBTYPE_UUID) };
  // A clustered collection has no index of its own on _id.
  const own = options.clusteredIndex === undefined ? { idIndex: { ...idIndex.spec } } : {};
  return { name, type: 'collection', options, info, ...own };
}

function nameOf({ name, type }: Document): Document {
  return { name, type };
}
