import { z } from 'zod';

/** What a caller may send as `Idempotency-Key`: printable ASCII without blanks, so that it survives every proxy. */
export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/);
