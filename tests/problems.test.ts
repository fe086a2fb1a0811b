import { expect, test } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url).pathname;

/** Code and status of every kind of problem that the sources declare. */
const kinds = globSync('src/**/*.ts', { cwd: root, exclude: ['src/embedded/**', '**/*.test.ts'] }).flatMap((file) => {
  const declared = readFileSync(root + file, 'utf8').matchAll(/\{\s*code: '([^']+)',\s*status: (\d{3}),/g);
  return Array.from(declared, ([, code = '', status = '']) => ({ code, status }));
});
const pages = globSync('docs/problems/*.md', { cwd: root }).map((page) => page.replace(/^.*\/|\.md$/g, ''));

test('the sources declare kinds of problems', () => {
  expect(kinds.length).toBeGreaterThan(15);
});

test.each(kinds)('the problem $code has a page that names its code and status', ({ code, status }) => {
  expect(readFileSync(`${root}docs/problems/${code}.md`, 'utf8')).toContain(`\`${code}\`, status ${status}`);
});

test('each page explains a problem that exists, and no code is declared twice', () => {
  expect(pages.toSorted()).toEqual(kinds.map(({ code }) => code).sort());
});
