import { Router } from 'express';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readKeptMails, type KeptMail } from '../mail/kept-mails.ts';
import { escapeHtml } from '../../shared/html.ts';
import { Problem } from '../../shared/problem.ts';
import { routeNotFound } from './problems.ts';

/** A letter is shown as mail programs show it: nothing in it runs, and nothing comes from elsewhere. */
const LETTER_POLICY = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/**
 * `/ops/mail`: what the local mail sink has kept, newest first; as a page for browsers, as JSON for others. It asks
 * nobody for a token, and so is there in development only.
 */
export function keptMailPages(directory: string): Router {
  const router = Router();
  router.get('/ops/mail', async (_req, res) => {
    const mails = (await readKeptMails(directory)).toReversed();
    res.set('Cache-Control', 'no-store').format({
      json: () => res.json({ data: mails }),
      html: () => res.send(pageOf(mails)),
    });
  });
  router.get('/ops/mail/:id/letter', async ({ params: { id } }, res) => {
    const html = (await readKeptMails(directory)).find((mail) => mail.id === id)?.html;
    if (typeof html !== 'string') throw new Problem(routeNotFound, 'There is no mail of this id, or it is plain text');
    res.set({ 'Cache-Control': 'no-store', 'Content-Security-Policy': LETTER_POLICY }).type('html').send(html);
  });
  router.get('/ops/mail/:id', async ({ params: { id } }, res) => {
    const source = /^[\da-f-]{36}$/.test(id) ? await readSource(join(directory, `${id}.eml`)) : undefined;
    if (source === undefined) throw new Problem(routeNotFound, 'There is no mail of this id');
    // As text: its HTML is what somebody has typed.
    res.set('Cache-Control', 'no-store').type('text/plain').send(source);
  });
  return router;
}

async function readSource(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch(() => undefined);
}

const linked = (escaped: string): string => escaped.replaceAll(/https?:\/\/[^\s<>"]+/g, '<a href="$&">$&</a>');

function pageOf(mails: readonly KeptMail[]): string {
  const rows = mails.map(
    ({ id, receivedAt, to, subject, text, html }) => `
    <article>
      <h2>${escapeHtml(subject)}</h2>
      <p>to ${escapeHtml(to.join(', '))} <time>${escapeHtml(receivedAt)}</time>
        ${html === null ? '' : `<a href="/ops/mail/${id}/letter">as HTML</a>`} <a href="/ops/mail/${id}">source</a></p>
      <pre>${linked(escapeHtml(text))}</pre>
    </article>`,
  );
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Mails</title>
  <style>
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
    article { border-top: 1px solid #ccc; padding: 1rem 0 }
    h2 { font-size: 1rem; margin: 0 }
    pre { white-space: pre-wrap; margin: 0 }
  </style>
  <h1>${String(mails.length)} mails sent</h1>${rows.join('')}
</html>`;
}
