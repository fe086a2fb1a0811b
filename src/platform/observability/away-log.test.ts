import { expect, test } from '@jest/globals';
import { awayLog } from './away-log.ts';
import { createLogger } from './logger.ts';

function watched() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const clock = { now: 0 };
  const logger = createLogger({ level: 'info', service: 'test', destination });
  return { lines, clock, log: awayLog('the queue', logger, { queue: 'email' }, () => clock.now) };
}

const refused = Object.assign(new Error('connect to 10.0.0.7'), { code: 'ECONNREFUSED' });

test('what is away for a minute, tried ten times a second, is one line, two reminders and one line of its return', () => {
  const { lines, clock, log } = watched();
  for (; clock.now <= 60_000; clock.now += 100) log.away(refused);
  log.back();
  log.back();
  expect(lines.map(({ level, message }) => `${String(level)} ${String(message)}`)).toEqual([
    'warn the queue is away',
    'warn the queue is still away',
    'warn the queue is still away',
    'info the queue is back',
  ]);
  expect(lines[0]).toMatchObject({ queue: 'email', cause: 'ECONNREFUSED', reason: 'connect to 10.0.0.7' });
  expect(lines.some((line) => 'error' in line)).toBe(false);
});

test('what goes away again is told of again at once', () => {
  const { lines, log } = watched();
  log.away(refused);
  log.back();
  log.away(refused);
  expect(lines).toHaveLength(3);
});

test('what was never away is not back', () => {
  const { lines, log } = watched();
  log.back();
  expect(lines).toEqual([]);
});
