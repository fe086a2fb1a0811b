import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { QueueSettings, Retention } from '../platform/queue/settings.ts';
import { queues } from './queues.ts';

const PAGE = new URL('../../docs/queues.md', import.meta.url);

const timeOf = (milliseconds: number): string => {
  const seconds = milliseconds / 1_000;
  if (seconds % 86_400 === 0) return `${String(seconds / 86_400)} d`;
  if (seconds % 3_600 === 0) return `${String(seconds / 3_600)} h`;
  return seconds % 60 === 0 ? `${String(seconds / 60)} min` : `${String(seconds)} s`;
};
const keptFor = ({ ageMs, count }: Retention): string => `${timeOf(ageMs)}, ${count.toLocaleString('en')}`;

const rowOf = (kind: string, settings: QueueSettings): readonly string[] => [
  kind,
  String(settings.concurrency),
  String(settings.attempts),
  `${timeOf(settings.backoff.delayMs)}${settings.backoff.type === 'fixed' ? ', fixed' : ''}`,
  timeOf(settings.timeoutMs),
  settings.rateLimit === undefined ? '' : `${String(settings.rateLimit.max)} in ${timeOf(settings.rateLimit.duration)}`,
  timeOf(settings.lockMs),
  settings.lowPriority ? 'yes' : '',
  keptFor(settings.keep.done),
  keptFor(settings.keep.failed),
];

test('docs/queues.md shows the table of queues as the code has it', () => {
  const lines = readFileSync(PAGE, 'utf8').split('\n');
  const first = lines.findIndex((line) => line.startsWith('| kind')) + 2;
  const end = lines.findIndex((line, index) => index > first && !line.startsWith('|'));
  const shown = lines.slice(first, end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  expect(shown).toEqual(Object.entries<QueueSettings>(queues).map(([kind, settings]) => [...rowOf(kind, settings)]));
});
