import type { ProblemKind } from '../../shared/problem.ts';

export const apiKeyNotFound: ProblemKind = { code: 'api-key-not-found', status: 404, title: 'API key not found' };
