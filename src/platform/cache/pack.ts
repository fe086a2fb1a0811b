import { promisify } from 'node:util';
import { constants, gunzipSync, gzip } from 'node:zlib';

const gzipped = promisify(gzip);

/** Below this, compressing costs more than it saves; docs/adr/0012 has the figures. */
const WORTH_IT_BYTES = 8 * 1_024;

export interface Packed {
  readonly bytes: Buffer;
  readonly isPacked: boolean;
}

/** Off the main thread. What hardly shrinks (pictures, what is compressed already) is left as it is. */
export async function pack(bytes: Buffer): Promise<Packed> {
  if (bytes.length < WORTH_IT_BYTES) return { bytes, isPacked: false };
  const smaller = await gzipped(bytes, { level: constants.Z_BEST_SPEED });
  return smaller.length < bytes.length * 0.8 ? { bytes: smaller, isPacked: true } : { bytes, isPacked: false };
}

/** @throws when the bytes are damaged */
export const unpack = ({ bytes, isPacked }: Packed): Buffer => (isPacked ? gunzipSync(bytes) : bytes);
