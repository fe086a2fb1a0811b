import { CommandError } from '../errors.ts';
import { KEYWORDS } from './schema-keywords.ts';
import type { SchemaTest } from './schema-keywords.ts';
import { isObject } from './value-types.ts';

const UNSUPPORTED: ReadonlySet<string> = new Set(['$ref', '$schema', 'default', 'definitions', 'format', 'id']);

/**
 * Compiles a schema to a test of values, which have to be in the typed decoding where the schema tells number types apart.
 * @throws CommandError FailedToParse, TypeMismatch or BadValue as MongoDB does for a schema it cannot read
 */
export function compileSchema(schema: unknown): SchemaTest {
  if (!isObject(schema)) throw new CommandError('TypeMismatch', '$jsonSchema must be an object');
  if (Object.hasOwn(schema, 'type') && Object.hasOwn(schema, 'bsonType')) {
    throw new CommandError('FailedToParse', "Cannot specify both $jsonSchema keywords 'type' and 'bsonType'");
  }
  const tests: SchemaTest[] = [];
  for (const [name, argument] of Object.entries(schema)) {
    const keyword = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
    if (keyword === undefined) throw unknownKeyword(name);
    tests.push(keyword(argument, schema, compileSchema));
  }
  return (value) => tests.every((test) => test(value));
}

function unknownKeyword(name: string): CommandError {
  const message = UNSUPPORTED.has(name)
    ? `$jsonSchema keyword '${name}' is not currently supported`
    : `Unknown $jsonSchema keyword: ${name}`;
  return new CommandError('FailedToParse', message);
}
