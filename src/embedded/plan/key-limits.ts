import type { Document } from '../bson/codec.ts';
import { encodeKey } from '../bson/keys.ts';
import type { IndexDefinition } from '../catalog/index-definition.ts';
import { CommandError } from '../errors.ts';

/** What `min` and `max` of a find leave of an index's keys: from the first, which is among them, to the second, which is not. */
export interface KeyLimits {
  readonly from: Buffer | undefined;
  readonly to: Buffer | undefined;
}

/** `min` and `max` as a find gives them. */
export interface GivenLimits {
  readonly min: Document | undefined;
  readonly max: Document | undefined;
}

/** @throws CommandError 51174 (other fields than the index), 51175 (`min` not before `max`) */
export function keyLimits(index: IndexDefinition, { min, max }: GivenLimits): KeyLimits {
  const from = keyOf(index, min);
  const to = keyOf(index, max);
  if (from !== undefined && to !== undefined && from.compare(to) >= 0) {
    throw new CommandError(51175, 'The value provided for min() does not come before the value provided for max()');
  }
  return { from, to };
}

function keyOf(index: IndexDefinition, given: Document | undefined): Buffer | undefined {
  if (given === undefined) return undefined;
  if (Object.keys(given).join('\0') !== index.paths.join('\0')) {
    throw new CommandError(51174, `The index ${index.name} does not have the fields that min() or max() name`);
  }
  const { collation } = index;
  const options = collation === undefined ? {} : { collate: (text: string) => collation.fold(text) };
  return encodeKey(Object.values(given), index.directions, options);
}

/** @throws CommandError 51173 where limits are given, but no index that they are for */
export function refuseLimits({ min, max }: GivenLimits): void {
  if (min === undefined && max === undefined) return;
  throw new CommandError(51173, 'When using min()/max() a hint of which index to use must be provided');
}
