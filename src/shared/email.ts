import { z } from 'zod';

/** An address as it is compared: in lower case. RFC 5321 ends it at 254 characters. */
export const Email = z
  .email('must be an e-mail address')
  .max(254)
  .toLowerCase()
  .meta({ examples: ['ada@example.com'] });
