import type { Express } from 'express';
import type { RequestListener } from 'node:http';
import { inFront } from '../src/platform/http/front.ts';
import { nameRequest } from '../src/platform/http/request.ts';

/** An app with that in front of it which every handler relies on: what follows is part of the request's trace. */
export const traced = (app: Express): RequestListener => inFront([nameRequest], app);
