import { z } from 'zod';

/** An answer that is too long to be held: it is sent as it is read, at the pace of whoever reads it. */
export interface StreamedAnswer {
  readonly mediaType: string;
  /** What browsers save it as. */
  readonly fileName: string;
  readonly chunks: AsyncIterable<string>;
}

/** The output of an endpoint that streams. */
export const Streamed = z.custom<StreamedAnswer>();
