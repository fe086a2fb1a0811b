import { promisify } from 'node:util';
import { constants, gunzipSync, gzip, zstdCompress, zstdDecompressSync } from 'node:zlib';
import { figure, type Figure } from '../report.ts';
import { products, seeded } from './values.ts';

interface Packing {
  readonly name: string;
  readonly pack: (bytes: Buffer) => Promise<Buffer>;
  readonly unpack: (bytes: Buffer) => Buffer;
}

const [gzipped, zstd] = [promisify(gzip), promisify(zstdCompress)];
const PACKINGS: readonly Packing[] = [
  { name: 'gzip 1', pack: (bytes) => gzipped(bytes, { level: constants.Z_BEST_SPEED }), unpack: gunzipSync },
  {
    name: 'zstd 1',
    pack: (bytes) => zstd(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
    unpack: zstdDecompressSync,
  },
];
const SIZES = [2_048, 8_192, 32_768, 131_072];
const ROUNDS = 200;

/** What packing costs and saves, by size: the reader's time is on the main thread, the writer's is not. */
export async function measurePacking(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of SIZES) {
    const bytes = text(size);
    for (const packing of PACKINGS) {
      const packed = await packing.pack(bytes);
      const [writing, reading] = [await packTime(packing, bytes), unpackTime(packing, packed)];
      const name = `${packing.name}, ${String(size / 1_024)} kB`;
      figures.push(figure(`${name}: left of it`, '%', [(packed.length / bytes.length) * 100]));
      figures.push(figure(`${name}: to write`, 'µs', writing), figure(`${name}: to read`, 'µs', reading));
    }
  }
  return figures;
}

/** JSON of products whose titles are words drawn at random, so that it shrinks as what people write does. */
function text(size: number): Buffer {
  const random = seeded(size);
  const words =
    'blue red green mug cup plate bowl large small handmade glazed stoneware porcelain gift set of two'.split(' ');
  const title = () => Array.from({ length: 6 }, () => words[Math.floor(random() * words.length)]).join(' ');
  const page = products(Math.ceil(size / 80));
  const data = page.data.map((each) => ({ ...each, id: Math.floor(random() * 2 ** 48).toString(16), title: title() }));
  return Buffer.from(JSON.stringify({ ...page, data })).subarray(0, size);
}

async function packTime({ pack }: Packing, bytes: Buffer): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    await pack(bytes);
    times.push((performance.now() - begun) * 1_000);
  }
  return times;
}

function unpackTime({ unpack }: Packing, packed: Buffer): number[] {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    unpack(packed);
    times.push((performance.now() - begun) * 1_000);
  }
  return times;
}
