import { expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { Problem } from '../../shared/problem.ts';
import { inFront, tellRefusal } from './front.ts';
import { problemHandler } from './problem-handler.ts';
import { forbidden } from './problems.ts';
import { nameRequest } from './request.ts';

const refusal = new Problem(forbidden, 'Not here');
const passing: RequestHandler = (_req, _res, next) => {
  next();
};

/** What Express answers behind such a handler, which stands behind others. */
function answerBehind(handler: RequestHandler) {
  const app = express();
  app.use(tellRefusal, (_req, res) => {
    res.send('handed over');
  });
  app.use(problemHandler(() => undefined));
  return request(inFront([nameRequest, passing, handler, passing], app)).get('/');
}

test.each<[string, RequestHandler]>([
  [
    'throws',
    () => {
      throw refusal;
    },
  ],
  ['rejects', () => Promise.reject(refusal)],
  [
    'rejects later',
    async () => {
      await new Promise(setImmediate);
      throw refusal;
    },
  ],
  [
    'passes the refusal on',
    (_req, _res, next) => {
      next(refusal);
    },
  ],
])('what a handler in front of Express refuses, where it %s, Express tells once', async (_how, handler) => {
  const told = await answerBehind(handler);
  expect(told.status).toBe(403);
  expect(told.body).toMatchObject({ code: 'forbidden', detail: 'Not here' });
});

test('what they let pass, at once or later, Express answers', async () => {
  expect((await answerBehind(passing)).text).toBe('handed over');
  const later: RequestHandler = async (_req, _res, next) => {
    await new Promise(setImmediate);
    next();
  };
  expect((await answerBehind(later)).text).toBe('handed over');
});
