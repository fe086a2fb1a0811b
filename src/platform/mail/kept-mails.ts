import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../shared/errors.ts';

/** A mail that the development sink has kept; its source lies beside the index as `<id>.eml`. */
export interface KeptMail {
  readonly id: string;
  readonly receivedAt: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly messageId: string;
  readonly text: string;
  readonly html: string | null;
}

/** Name of the sink's index: one mail per line, in the order in which they came. */
export const INDEX_FILE = 'index.jsonl';

/** The mails of a sink's directory, oldest first. */
export async function readKeptMails(directory: string): Promise<KeptMail[]> {
  const index = await readFile(join(directory, INDEX_FILE), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  });
  // What follows the last line break is a mail that is being written.
  return index
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as KeptMail);
}
