import { platformCrypto } from '#platform/crypto';
import { RxmeshError } from '../model/error.ts';
import type { RecordKeys } from './key-schedule.ts';

/** Protects records, one call a record, in the order in which they are sent and received. */
export interface RecordCipher {
  /** Bytes that sealing adds to a plaintext. */
  readonly overheadBytes: number;
  /**
   * Whether `seal` copies, so that its argument may be written to again. Otherwise the record is the
   * very buffer that was given, and belongs to the transport from then on.
   */
  readonly copies: boolean;
  /**
   * Makes one record of `plaintext`, which may come in parts if the cipher `copies`.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID` when no nonce is left
   */
  seal(...plaintext: Uint8Array[]): Uint8Array;
  /**
   * The plaintext; a buffer of its own when `copies`.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID` when the record was changed, dropped before, sent twice or out of
   * order, or no nonce is left. The cipher is of no use afterwards.
   */
  open(record: Uint8Array): Uint8Array;
}

/**
 * ChaCha20-Poly1305 (RFC 8439) without associated data. The nonce is 4 zero bytes and the number of
 * the record in its direction as a little-endian uint64: a record opens only in its own place.
 *
 * @param recordsMax records a direction before the cipher refuses; the default is the last number
 * that is exact, far below the 2^64 at which a nonce would come again
 */
export function aeadRecords(
  keys: RecordKeys,
  recordsMax: number = Number.MAX_SAFE_INTEGER,
): RecordCipher {
  const sender = platformCrypto.chacha20Poly1305(keys.sendKey);
  const receiver = platformCrypto.chacha20Poly1305(keys.receiveKey);
  const sendNonce = new RecordNonce(recordsMax);
  const receiveNonce = new RecordNonce(recordsMax);
  return {
    overheadBytes: 16,
    copies: true,
    seal: (...plaintext) => sender.seal(sendNonce.next(), ...plaintext),
    open: (record) => {
      const nonce = receiveNonce.next();
      try {
        return receiver.open(nonce, record);
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

/** Counts the records of one direction. Every call returns the same buffer. */
class RecordNonce {
  readonly #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(12);
  readonly #view: DataView<ArrayBuffer> = new DataView(this.#bytes.buffer);
  readonly #recordsMax: number;
  #records = 0;

  constructor(recordsMax: number) {
    this.#recordsMax = recordsMax;
  }

  next(): Uint8Array {
    if (this.#records >= this.#recordsMax) {
      throw new RxmeshError(
        'RXMESH_RECORD_INVALID',
        `no nonce is left after ${this.#recordsMax} records: connect again`,
      );
    }
    this.#view.setUint32(4, this.#records % 2 ** 32, true);
    this.#view.setUint32(8, Math.floor(this.#records / 2 ** 32), true);
    this.#records++;
    return this.#bytes;
  }
}
