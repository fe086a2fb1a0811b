import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * A look at an LMDB file before it is mapped: mapping one that is foreign or cut off ends the process on first touch.
 * Offsets are those of `MDB_page`, `MDB_meta`, `MDB_db` and `MDB_node` in LMDB 1.0's mdb.c, 64-bit, little endian.
 */
const PAGE_BYTES = 4_096;
const PAGE_HEADER_BYTES = 24;
const MAGIC = 0xbeefc0de;
const DATABASES_OFFSET = PAGE_HEADER_BYTES + 24;
const DATABASE_BYTES = 48;
const ROOT_OFFSET = 40;
const LAST_PAGE_OFFSET = DATABASES_OFFSET + 2 * DATABASE_BYTES;
const TRANSACTION_OFFSET = LAST_PAGE_OFFSET + 8;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const FLAGS_OFFSET = 18;
const LOWER_OFFSET = 20;
const IS_BRANCH = 0x01;
const IS_LEAF = 0x02;
const NODE_HEADER_BYTES = 8;
const HAS_OVERFLOW = 0x01;

/** @returns what is wrong with the file, in words; `undefined` for one that can be mapped */
export function faultOf(file: string): string | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size === 0) return undefined;
    return new DataFile(descriptor, size).fault();
  } finally {
    closeSync(descriptor);
  }
}

class DataFile {
  readonly #descriptor: number;
  readonly #size: number;

  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.#size = size;
  }

  fault(): string | undefined {
    const metas = [0, 1].map((page) => this.#read(page));
    const [first, second] = metas;
    if (
      first === undefined ||
      second === undefined ||
      metas.some((meta) => meta?.readUInt32LE(PAGE_HEADER_BYTES) !== MAGIC)
    ) {
      return 'it does not begin as a data file must';
    }
    const newest =
      first.readBigUInt64LE(TRANSACTION_OFFSET) >= second.readBigUInt64LE(TRANSACTION_OFFSET) ? first : second;
    const told = (newest.readBigUInt64LE(LAST_PAGE_OFFSET) + 1n) * BigInt(PAGE_BYTES);
    // Pages at the end that were freed before they were written may be missing; pages in use must not.
    if (told <= BigInt(this.#size) || this.#isWhole(newest)) return undefined;
    return `it has ${String(this.#size)} bytes where its header tells of ${String(told)}`;
  }

  #isWhole(meta: Buffer): boolean {
    return [0, 1].every((database) => {
      const root = meta.readBigUInt64LE(DATABASES_OFFSET + database * DATABASE_BYTES + ROOT_OFFSET);
      return root === NO_PAGE || this.#holds(root);
    });
  }

  /** Whether a page and all below it lie within the file. */
  #holds(number: bigint): boolean {
    const page = this.#read(Number(number));
    if (page === undefined) return false;
    const flags = page.readUInt16LE(FLAGS_OFFSET);
    const nodes = (page.readUInt16LE(LOWER_OFFSET) - PAGE_HEADER_BYTES) / 2;
    for (let node = 0; node < nodes; node++) {
      const at = page.readUInt16LE(PAGE_HEADER_BYTES + 2 * node);
      if ((flags & IS_BRANCH) !== 0 && !this.#holds(BigInt(page.readUIntLE(at, 6)))) return false;
      if ((flags & IS_LEAF) !== 0 && !this.#holdsValue(page, at)) return false;
    }
    return true;
  }

  #holdsValue(page: Buffer, at: number): boolean {
    if ((page.readUInt16LE(at + 4) & HAS_OVERFLOW) === 0) return true;
    const start = page.readBigUInt64LE(at + NODE_HEADER_BYTES + page.readUInt16LE(at + 6));
    const end = Number(start) * PAGE_BYTES + PAGE_HEADER_BYTES + page.readUInt32LE(at);
    return end <= this.#size;
  }

  #read(number: number): Buffer | undefined {
    const page = Buffer.allocUnsafe(PAGE_BYTES);
    const read = readSync(this.#descriptor, page, 0, PAGE_BYTES, number * PAGE_BYTES);
    return read === PAGE_BYTES ? page : undefined;
  }
}
