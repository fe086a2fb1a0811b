// Measured on Node 24 (pointer compression off): what V8 takes for each, rounded up.
const OBJECT_BYTES = 56;
const FIELD_BYTES = 8;
const STRING_BYTES = 24;
const NUMBER_BYTES = 16;

/**
 * Freezes a value of JSON all the way down, and tells what it takes in memory: one walk for both, since both are
 * needed once, when it is kept.
 */
export function freezeAndWeigh(value: unknown): number {
  if (typeof value === 'string') return weighText(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'number' ? NUMBER_BYTES : 0;
  let bytes = OBJECT_BYTES;
  if (Array.isArray(value)) for (const item of value) bytes += FIELD_BYTES + freezeAndWeigh(item);
  // What was parsed has no inherited fields; an array of all fields would cost as much as the rest. Keys are shared
  // between objects of one shape, and weigh nothing.
  else
    for (const key in value) bytes += FIELD_BYTES + freezeAndWeigh((value as Readonly<Record<string, unknown>>)[key]);
  Object.freeze(value);
  return bytes;
}

/** Two bytes a character: whether one would do is not to be told without a look at each. */
export function weighText(text: string): number {
  return STRING_BYTES + 2 * text.length;
}
