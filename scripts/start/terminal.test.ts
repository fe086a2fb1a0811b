import { expect, test } from '@jest/globals';
import { stripVTControlCharacters } from 'node:util';
import { LaunchError } from './launch-error.ts';
import { parseOptions } from './options.ts';
import { table, Terminal } from './terminal.ts';

function listen(quiet = false): { readonly terminal: Terminal; readonly text: () => string } {
  const written: string[] = [];
  const terminal = new Terminal({ write: (text) => written.push(text) }, quiet);
  return { terminal, text: () => stripVTControlCharacters(written.join('')) };
}

test('a step is told with its time and what it noted last', async () => {
  const { terminal, text } = listen();
  const result = await terminal.step('Demo data', (progress) => {
    progress('products', 0.2);
    progress('3,000 products');
    return Promise.resolve('done');
  });
  expect(result).toBe('done');
  expect(text()).toMatch(/^✔ Demo data {7} +0\.0 s {2}3,000 products\n$/);
});

test('quiet, only what must be known is written', async () => {
  const { terminal, text } = listen(true);
  await terminal.step('API', () => Promise.resolve());
  terminal.line('for the curious');
  terminal.say('api was ended by SIGKILL');
  expect(text()).toBe('api was ended by SIGKILL\n');
});

test('a known failure is one line, an unknown one comes with its stack', () => {
  const known = listen();
  known.terminal.fail(new LaunchError('Port 3000 is taken'));
  expect(known.text()).toBe('✖ Port 3000 is taken\n');
  const unknown = listen();
  unknown.terminal.fail(new TypeError('of our own'));
  expect(unknown.text()).toContain('terminal.test.ts');
});

test('the columns of a table stand under each other', () => {
  const shown = table([
    ['Open', [['API', 'a']]],
    ['Data', [['Lies in', 'b']]],
  ]);
  expect(stripVTControlCharacters(shown)).toBe('Open\n  API       a\n\nData\n  Lies in   b');
});

test.each([
  [['--port', 'http'], '--port http is no port'],
  [['--port', '0'], '--port 0 is no port'],
  [['--frsh'], "Unknown option '--frsh'"],
  [['serve'], "Unexpected argument 'serve'"],
])('the wrong options %j are told in a line', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
  expect(() => parseOptions(args)).toThrow(LaunchError);
});

test('options say what is not to be done', () => {
  expect(parseOptions(['--no-seed', '--no-install', '--port', '4000'])).toMatchObject({
    seed: false,
    install: false,
    port: 4_000,
    fresh: false,
  });
});
