import { z } from 'zod';
import { Timestamp } from '../../shared/time.ts';

export const SetPhone = z
  .strictObject({
    number: z
      .string()
      .min(1)
      .max(32)
      .meta({ description: 'With its country', examples: ['+49 151 12345678'] }),
  })
  .meta({ id: 'SetPhone' });

/** Says that a text message is on its way. */
export const CodeSent = z
  .strictObject({ next: z.literal('enter-the-code'), expiresAt: Timestamp })
  .meta({ id: 'CodeSent' });
export type CodeSent = z.input<typeof CodeSent>;

export const VerifyPhone = z
  .strictObject({ code: z.string().regex(/^\d{6}$/, 'must be the six digits of the text message') })
  .meta({ id: 'VerifyPhone' });

export const SetOrderTexts = z.strictObject({ wanted: z.boolean() }).meta({ id: 'SetOrderTexts' });
