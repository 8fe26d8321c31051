import { platformCrypto } from '#platform/crypto';
import { RxmeshError } from '../model/error.ts';
import { nextRecordKey, type RecordKeys } from './key-schedule.ts';

/**
 * Records under one key; the next ones have a key that follows from it one way. So a key that is
 * stolen opens no more than this of what went before. Lightning's transport (BOLT 8) changes keys
 * as often.
 */
export const RECORDS_PER_KEY_MAX = 1_024;

/** Protects records, one call a record, in the order in which they are sent and received. */
export interface RecordCipher {
  /** Bytes that sealing adds to a plaintext. */
  readonly overheadBytes: number;
  /**
   * Whether `seal` copies, so that its argument may be written to again. Otherwise the record is
   * the very buffer that was given, and belongs to the transport from then on.
   */
  readonly copies: boolean;
  /**
   * Makes one record of `plaintext`, which may come in parts if the cipher `copies`.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID` when no nonce is left
   */
  seal(...plaintext: Uint8Array[]): Uint8Array;
  /**
   * The plaintext; a buffer of its own when `copies`.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID` when the record was changed, dropped before, sent
   * twice or out of order, or no nonce is left. The cipher is of no use afterwards.
   */
  open(record: Uint8Array): Uint8Array;
}

/**
 * ChaCha20-Poly1305 (RFC 8439) without associated data. The nonce is 4 zero bytes and the number of
 * the record in its direction as a little-endian uint64: a record opens only in its own place. Each
 * direction has a new key after every 1,024 records.
 *
 * @param recordsMax records a direction before the cipher refuses; the default is the last number
 * that is exact, far below the 2^64 at which a nonce would come again
 */
export function aeadRecords(
  keys: RecordKeys,
  recordsMax: number = Number.MAX_SAFE_INTEGER,
): RecordCipher {
  const sender = new RecordSeries(keys.sendKey, recordsMax);
  const receiver = new RecordSeries(keys.receiveKey, recordsMax);
  return {
    overheadBytes: 16,
    copies: true,
    seal: (...plaintext) => {
      const nonce = sender.next();
      return sender.aead.seal(nonce, ...plaintext);
    },
    open: (record) => {
      const nonce = receiver.next();
      try {
        return receiver.aead.open(nonce, record);
      } catch (cause) {
        throw new RxmeshError('RXMESH_RECORD_INVALID', 'a record does not open', { cause });
      }
    },
  };
}

const nothing = new Uint8Array(0);

/** Records that are their plaintext: for wires that nobody else can reach. */
export const plainRecords: RecordCipher = {
  overheadBytes: 0,
  copies: false,
  seal: (plaintext = nothing) => plaintext,
  open: (record) => record,
};

type Aead = ReturnType<typeof platformCrypto.chacha20Poly1305>;

/** The records of one direction: their number, and the key of the next one. */
class RecordSeries {
  /** Under the key of the record that was counted last. */
  aead: Aead;
  #key: Uint8Array;
  /** The number of the first record that this key is not for, or that there is none for. */
  #end: number;
  readonly #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(12);
  readonly #view: DataView<ArrayBuffer> = new DataView(this.#bytes.buffer);
  readonly #recordsMax: number;
  #records = 0;

  constructor(key: Uint8Array, recordsMax: number) {
    this.#key = key;
    this.aead = platformCrypto.chacha20Poly1305(key);
    this.#recordsMax = recordsMax;
    this.#end = Math.min(RECORDS_PER_KEY_MAX, recordsMax);
  }

  /** Counts a record; returns its nonce, in the same buffer every time. */
  next(): Uint8Array {
    if (this.#records >= this.#end) this.#changeKey();
    this.#view.setUint32(4, this.#records % 2 ** 32, true);
    this.#view.setUint32(8, Math.floor(this.#records / 2 ** 32), true);
    this.#records++;
    return this.#bytes;
  }

  #changeKey(): void {
    if (this.#records >= this.#recordsMax) {
      throw new RxmeshError(
        'RXMESH_RECORD_INVALID',
        `no nonce is left after ${this.#recordsMax} records: connect again`,
      );
    }
    this.#key = nextRecordKey(this.#key);
    this.aead = platformCrypto.chacha20Poly1305(this.#key);
    this.#end = Math.min(this.#records + RECORDS_PER_KEY_MAX, this.#recordsMax);
  }
}
