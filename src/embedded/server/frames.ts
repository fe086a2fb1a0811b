import { HEADER_BYTES, MAX_MESSAGE_BYTES, ProtocolError } from './wire.ts';

/** Room for what follows a message that is whole; a connection that is busy stops reading before it is used up twice. */
const SLACK_BYTES = 65_536;

const EMPTY = Buffer.alloc(0);

/**
 * Cuts a stream of chunks into messages. A message that lies in one chunk is a view of it; one in many is gathered in a
 * buffer that doubles up to the message's length, so that a header alone reserves nothing and no byte is copied often.
 * What was handed out is never written over.
 */
export class FrameReader {
  #bytes: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** Whether the buffer is ours, so that what lies after its end is free. */
  #own = false;

  /** Bytes that wait, whole messages and part of one. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  push(chunk: Buffer): void {
    const pending = this.pendingBytes;
    if (pending === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (this.#own && this.#end + chunk.length <= this.#bytes.length) {
      this.#bytes.set(chunk, this.#end);
      this.#end += chunk.length;
      return;
    }
    this.#gather(chunk, pending + chunk.length);
  }

  /**
   * The next whole message, header included.
   * @throws ProtocolError for a length that no message can have
   */
  next(): Buffer | undefined {
    const length = this.#nextLength();
    if (length === undefined || this.pendingBytes < length) return undefined;
    const frame = this.#bytes.subarray(this.#start, this.#start + length);
    this.#start += length;
    if (this.#start === this.#end) this.clear();
    return frame;
  }

  clear(): void {
    this.#bytes = EMPTY;
    this.#start = 0;
    this.#end = 0;
    this.#own = false;
  }

  #nextLength(): number | undefined {
    if (this.pendingBytes < 4) return undefined;
    const length = this.#bytes.readInt32LE(this.#start);
    if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
      throw new ProtocolError(`message length ${String(length)} is invalid`);
    }
    return length;
  }

  #gather(chunk: Buffer, needed: number): void {
    const length = this.#nextLength() ?? 0;
    const capacity = needed < length ? Math.min(length, needed * 2) : needed + SLACK_BYTES;
    const bytes = Buffer.allocUnsafeSlow(capacity);
    bytes.set(this.#bytes.subarray(this.#start, this.#end), 0);
    bytes.set(chunk, this.pendingBytes);
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = needed;
    this.#own = true;
  }
}
