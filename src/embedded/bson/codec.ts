/** Documents to bytes and back, whole or in parts. */
export { decode, decodeFields, decodeTyped, decodeValue, type Document } from './decoder.ts';
export { encode } from './encoder.ts';
export { documentOf, rawElements, rawField, rawValues } from './elements.ts';
export { validateDocument } from './validate.ts';
export { BsonType } from './values.ts';
