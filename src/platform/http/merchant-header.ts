import { z } from 'zod';
import type { ProblemKind } from '../../shared/problem.ts';

/** Names the store a request is about, by its id. Needed only of callers who belong to several. */
export const MERCHANT_HEADER = 'X-Merchant-Id';

export const MerchantHeader = z
  .string()
  .regex(/^[a-f\d]{24}$/)
  .optional()
  .meta({ description: 'Which store: to be sent by callers who belong to more than one' });

export const merchantRequired: ProblemKind = {
  code: 'merchant-required',
  status: 400,
  title: 'Say for which store',
};
