import { expect, test } from '@jest/globals';
import { parseEnv } from 'node:util';
import { environmentFile } from './environment-file.ts';

test('what is written is read again as it was, our variables alone, and a port of its own for the next worker', () => {
  const ours = { MAIL_FROM: `Bea's "Mugs" <bea@mugs.example>`, SMTP_URL: 'smtp://127.0.0.1:1025', DB_NAME: '' };
  const written = environmentFile({ ...ours, WORKER_PORT: '13000', PATH: '/bin', REDIS_URL: undefined });
  expect(parseEnv(written)).toEqual({
    NODE_ENV: 'development',
    MAIL_FROM: ours.MAIL_FROM,
    SMTP_URL: ours.SMTP_URL,
    WORKER_PORT: '0',
  });
});
