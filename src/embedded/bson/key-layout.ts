import { tailLength } from './numbers.ts';
import { Rank } from './order.ts';

const DOUBLE_BYTES = 8;
const OBJECT_ID_BYTES = 12;
const TEXT_END = 1;

type Skip = (key: Uint8Array, at: number, flip: number) => number;

const fixed =
  (size: number): Skip =>
  (_key, at) =>
    at + size;

const skipText: Skip = (key, at, flip) => {
  let index = at;
  while (index < key.length) {
    if (key[index] === flip) {
      if (((key[index + 1] ?? 0) ^ flip) === TEXT_END) return index + 2;
      index++;
    }
    index++;
  }
  return index;
};

const skipNumber: Skip = (key, at, flip) => {
  const side = at + DOUBLE_BYTES;
  if (((key[side] ?? 0) ^ flip) === 1) return side + 1;
  return side + 1 + tailLength(key, side + 1, flip);
};

const skipFields: Skip = (key, at, flip) => {
  let index = at;
  while (index < key.length && key[index] !== flip) index = skipComponent(key, skipText(key, index + 1, flip), flip);
  return index + 1;
};

const skipElements: Skip = (key, at, flip) => {
  let index = at;
  while (index < key.length && key[index] !== flip) index = skipComponent(key, index, flip);
  return index + 1;
};

const skipBinary: Skip = (key, at, flip) => {
  let size = 0;
  for (let index = 0; index < 4; index++) size = size * 256 + ((key[at + index] ?? 0) ^ flip);
  return at + 5 + size;
};

const SKIPS: (Skip | undefined)[] = [];
SKIPS[Rank.number] = skipNumber;
SKIPS[Rank.string] = skipText;
SKIPS[Rank.object] = skipFields;
SKIPS[Rank.array] = skipElements;
SKIPS[Rank.binData] = skipBinary;
SKIPS[Rank.objectId] = fixed(OBJECT_ID_BYTES);
SKIPS[Rank.bool] = fixed(1);
SKIPS[Rank.date] = fixed(DOUBLE_BYTES);
SKIPS[Rank.timestamp] = fixed(8);
SKIPS[Rank.regex] = (key, at, flip) => skipText(key, skipText(key, at, flip), flip);
SKIPS[Rank.dbPointer] = (key, at, flip) => skipText(key, at + 4, flip) + OBJECT_ID_BYTES;
SKIPS[Rank.code] = skipText;
SKIPS[Rank.codeWithScope] = (key, at, flip) => skipFields(key, skipText(key, at, flip), flip);

function skipComponent(key: Uint8Array, at: number, flip: number): number {
  const skip = SKIPS[(key[at] ?? 0) ^ flip];
  return skip === undefined ? at + 1 : skip(key, at + 1, flip);
}

/** How many bytes the component at an offset of a key has. Of a key that was cut it reaches at most to the end. */
export function componentLength(key: Uint8Array, offset: number, isDescending: boolean): number {
  return Math.min(skipComponent(key, offset, isDescending ? 255 : 0), key.length) - offset;
}
