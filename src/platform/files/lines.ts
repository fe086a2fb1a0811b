import { createReadStream } from 'node:fs';

/** No line of ours is as long: what is not made of lines at all must not be taken in whole. */
const MAX_LINE_LENGTH = 16 * 2 ** 20;

/**
 * The lines of a file of UTF-8, one by one. Only a line feed ends one, as NDJSON has it: node:readline takes U+2028 and U+2029 for
 * ends as well, which stand in JSON's texts unescaped.
 * @throws SyntaxError for a line of more than 16 Mi characters
 */
export async function* readLines(file: string): AsyncGenerator<string> {
  let begun = '';
  for await (const chunk of createReadStream(file, 'utf8') as AsyncIterable<string>) {
    const lines = chunk.split('\n');
    lines[0] = begun + (lines[0] ?? '');
    begun = lines.pop() ?? '';
    if (begun.length > MAX_LINE_LENGTH) throw new SyntaxError(`${file} is not a file of lines`);
    for (const line of lines) yield line;
  }
  if (begun !== '') yield begun;
}
