/** Trees share one LMDB map: a tree is a prefix of four bytes, so that making or dropping one opens no database. */
export const TREE_PREFIX_BYTES = 4;
/** LMDB's longest key on pages of 4 KiB, less the prefix of a tree and a record id behind the key. */
export const RECORD_ID_BYTES = 8;

/** The catalogue: one entry per collection and what belongs to the whole server. */
export const CATALOG_TREE = 1;
/** Number and bytes of documents per collection. */
export const SIZES_TREE = 2;
/** The last retryable write of each session. */
export const SESSIONS_TREE = 3;
/** Trees up to here are the server's own. */
export const FIRST_FREE_TREE = 16;

export function storedKey(tree: number, key: Buffer): Buffer {
  const stored = Buffer.allocUnsafe(TREE_PREFIX_BYTES + key.length);
  stored.writeUInt32BE(tree, 0);
  key.copy(stored, TREE_PREFIX_BYTES);
  return stored;
}

/** Record ids count up, so that the tree of a collection lies in the order of insertion. */
export function recordKey(recordId: number): Buffer {
  const key = Buffer.allocUnsafe(RECORD_ID_BYTES);
  key.writeUInt32BE(Math.floor(recordId / 0x1_0000_0000), 0);
  key.writeUInt32BE(recordId % 0x1_0000_0000, 4);
  return key;
}

export function recordIdOf(bytes: Buffer, offset = 0): number {
  return bytes.readUInt32BE(offset) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 4);
}
