import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { expectProblem, parts } from '../../../tests/mugs.ts';
import { createApp } from '../../app.ts';
import { INDEX_FILE } from '../mail/kept-mails.ts';
import { keptMailPages } from './kept-mail-pages.ts';

const letter = {
  id: randomUUID(),
  receivedAt: '2026-03-02T10:00:00.000Z',
  from: 'shop@example.test',
  to: ['ada@example.test'],
  subject: 'Welcome <Ada>',
  messageId: '<1@example.test>',
  text: 'Confirm: https://shop.test/verify?token=a&b=1\n<script>',
  html: '<p>Confirm</p><script>alert(1)</script>',
};
const plain = { ...letter, id: randomUUID(), subject: 'Plain', html: null };
let directory: string;
let app: RequestListener;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kept-mails-'));
  await writeFile(join(directory, INDEX_FILE), [letter, plain].map((mail) => `${JSON.stringify(mail)}\n`).join(''));
  app = createApp([], { ...parts(), operations: [keptMailPages(directory)] });
});
afterAll(() => rm(directory, { recursive: true }));

test('the list escapes what was typed, and its links can be followed', async () => {
  const { text } = await request(app).get('/ops/mail').set('Accept', 'text/html').expect(200);
  expect(text).toContain('Welcome &lt;Ada&gt;');
  expect(text).toContain('<a href="https://shop.test/verify?token=a&amp;b=1">');
  expect(text).not.toContain('<script>');
  expect(text.match(/as HTML/g)).toHaveLength(1);
});

test('a letter is shown as it looks, and nothing in it runs', async () => {
  const shown = await request(app).get(`/ops/mail/${letter.id}/letter`).expect(200).expect('content-type', /html/);
  expect(shown.text).toBe(letter.html);
  expect(shown.get('content-security-policy')).toMatch(/^sandbox allow-popups; default-src 'none'/);
});

test.each([plain.id, randomUUID(), '..%2f..%2fsecrets'])('there is no letter of %s', async (id) => {
  expectProblem(await request(app).get(`/ops/mail/${id}/letter`), 404, 'route-not-found');
});
