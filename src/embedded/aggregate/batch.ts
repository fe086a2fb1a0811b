/** The longest batch of a cursor, in bytes of documents. */
const MAX_BATCH_BYTES = 16 * 1_024 * 1_024;

/** Documents gathered for one reply. */
export class Batch {
  readonly documents: Buffer[] = [];
  readonly #count: number;
  #bytes = 0;
  #isOverflowing = false;

  constructor(count: number) {
    this.#count = count;
  }

  get room(): number {
    return this.#count - this.documents.length;
  }

  get isFull(): boolean {
    return this.#isOverflowing || this.room <= 0;
  }

  /** @returns false where the document has to wait for the next batch */
  add(document: Buffer): boolean {
    if (this.isFull) return false;
    if (this.documents.length > 0 && this.#bytes + document.length > MAX_BATCH_BYTES) {
      this.#isOverflowing = true;
      return false;
    }
    this.documents.push(document);
    this.#bytes += document.length;
    return true;
  }
}
