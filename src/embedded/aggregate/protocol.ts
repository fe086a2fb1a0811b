import type { CommandErrorDetails } from '../errors.ts';

/** What a worker is started with. */
export interface WorkerSettings {
  readonly storePath: string;
  readonly durable: boolean;
}

/** What a worker is asked. */
export type WorkerRequest =
  | {
      readonly kind: 'open';
      readonly id: number;
      /** An `AggregationSpec` in BSON. */
      readonly spec: Uint8Array;
      /** The catalogue is read anew where this has moved. */
      readonly revision: number;
    }
  | { readonly kind: 'next'; readonly id: number; readonly count: number; readonly remainingMs: number }
  | { readonly kind: 'close'; readonly id: number };

/** What a worker says: that it has started, and what it answers to `next`. */
export type WorkerReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'closed'; readonly id: number }
  | {
      readonly kind: 'batch';
      readonly id: number;
      /** The documents one behind the other. */
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly isDone: boolean;
    }
  | { readonly kind: 'error'; readonly id: number; readonly error: ReportedError };

export interface ReportedError {
  /** `undefined` for what is no error of MongoDB's. */
  readonly code: number | undefined;
  readonly message: string;
  readonly details: CommandErrorDetails;
}

/** Joins documents for the way between threads. */
export function joinDocuments(documents: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(documents.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const document of documents) {
    bytes.set(document, offset);
    offset += document.length;
  }
  return bytes;
}

/** Takes apart what {@link joinDocuments} joined: each document begins with its length. */
export function splitDocuments(bytes: Uint8Array): Buffer[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const documents: Buffer[] = [];
  for (let offset = 0; offset < all.length;) {
    const length = all.readInt32LE(offset);
    documents.push(all.subarray(offset, offset + length));
    offset += length;
  }
  return documents;
}
