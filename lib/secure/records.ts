import { platformCrypto } from '#platform/crypto';
import { RxmeshError } from '../model/error.ts';
import { aesRecordKey, nextRecordKey, type RecordKeys } from './key-schedule.ts';

/**
 * How many records share a key. The next key is derived from it by a one-way step, so a stolen key
 * reveals at most this many earlier records. Lightning's transport (BOLT 8) rotates keys about as
 * often.
 */
export const RECORDS_PER_KEY_MAX = 1_024;

/** The tag of either cipher. */
const OVERHEAD_BYTES = 16;

/** Protects records. They must be sealed and opened in the order in which they are sent. */
export interface RecordCipher {
  /** How many bytes sealing adds to a plaintext. */
  readonly overheadBytes: number;
  /**
   * Whether `seal` copies, so that the caller may reuse its buffer. Otherwise the record is that
   * very buffer, and belongs to the transport from then on.
   */
  readonly copies: boolean;
  /**
   * Seals `plaintext` as one record. It may come in several parts if the cipher `copies`.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID` if there are no nonces left
   */
  seal(...plaintext: Uint8Array[]): Uint8Array;
  /**
   * Returns the plaintext, in a new buffer if the cipher `copies`.
   * @throws {RxmeshError} `RXMESH_RECORD_INVALID` if a record was modified, lost, duplicated or
   *   reordered, or there are no nonces left. The cipher cannot be used after that.
   */
  open(record: Uint8Array): Uint8Array;
}

/** Plaintexts of at least this size are sealed with AES, once both sides have agreed on it. */
const AES_BYTES_MIN = 1_024;

/** Encrypted records. */
export interface EncryptedRecords extends RecordCipher {
  /**
   * From the next record of each direction on, plaintexts of at least `AES_BYTES_MIN` bytes are
   * sealed with this AES-256-GCM, under keys of its own. The other side must do the same.
   */
  useAes(aes: MakeAead): void;
}

/**
 * ChaCha20-Poly1305 (RFC 8439) without associated data. The nonce is 4 zero bytes followed by the
 * record's number in its direction as a little-endian uint64, so a record opens only in its own
 * place. Each direction gets a new key after every 1,024 records.
 *
 * @param recordsMax how many records per direction before the cipher refuses to continue. Default:
 *   the largest exact number, far below the 2^64 at which nonces would repeat
 * @param perKeyMax how many records share a key; Infinity for CometBFT's wire, which has only one
 */
export function aeadRecords(
  keys: RecordKeys,
  recordsMax: number = Number.MAX_SAFE_INTEGER,
  perKeyMax: number = RECORDS_PER_KEY_MAX,
): EncryptedRecords {
  const sender = new RecordSeries(keys.sendKey, recordsMax, perKeyMax);
  const receiver = new RecordSeries(keys.receiveKey, recordsMax, perKeyMax);
  return {
    overheadBytes: OVERHEAD_BYTES,
    copies: true,
    useAes: (aes) => {
      sender.useAes(aes);
      receiver.useAes(aes);
    },
    seal: (...plaintext) => {
      const nonce = sender.next();
      let length = 0;
      for (const part of plaintext) length += part.length;
      return sender.aeadFor(length).seal(nonce, ...plaintext);
    },
    open: (record) => {
      const nonce = receiver.next();
      try {
        return receiver.aeadFor(record.length - OVERHEAD_BYTES).open(nonce, record);
      } catch (cause) {
        throw new RxmeshError('RXMESH_RECORD_INVALID', 'a record does not open', { cause });
      }
    },
  };
}

const nothing = new Uint8Array(0);

/** No protection, for wires that no one else can reach: a record is its plaintext. */
export const plainRecords: RecordCipher = {
  overheadBytes: 0,
  copies: false,
  seal: (plaintext = nothing) => plaintext,
  open: (record) => record,
};

/** Makes a cipher from a key of 32 bytes. */
export type MakeAead = typeof platformCrypto.chacha20Poly1305;
type Aead = ReturnType<MakeAead>;

/** The records of one direction: counts them and rotates the key. */
class RecordSeries {
  /** Uses the key of the record counted last. */
  #chacha: Aead;
  #makeAes: MakeAead | undefined;
  /** The same for AES; made for the first record that needs it. */
  #aes: Aead | undefined;
  #key: Uint8Array;
  /** The number of the first record that needs another key, or that must not be sent. */
  #end: number;
  readonly #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(12);
  readonly #view: DataView<ArrayBuffer> = new DataView(this.#bytes.buffer);
  readonly #recordsMax: number;
  readonly #perKeyMax: number;
  #records = 0;

  constructor(key: Uint8Array, recordsMax: number, perKeyMax: number) {
    this.#key = key;
    this.#chacha = platformCrypto.chacha20Poly1305(key);
    this.#recordsMax = recordsMax;
    this.#perKeyMax = perKeyMax;
    this.#end = Math.min(perKeyMax, recordsMax);
  }

  /** Counts a record and returns its nonce. The buffer is reused. */
  next(): Uint8Array {
    if (this.#records >= this.#end) this.#changeKey();
    this.#view.setUint32(4, this.#records % 2 ** 32, true);
    this.#view.setUint32(8, Math.floor(this.#records / 2 ** 32), true);
    this.#records++;
    return this.#bytes;
  }

  useAes(aes: MakeAead): void {
    this.#makeAes = aes;
  }

  /** What protects the record counted last, whose plaintext has this length. */
  aeadFor(length: number): Aead {
    if (this.#makeAes === undefined || length < AES_BYTES_MIN) return this.#chacha;
    return (this.#aes ??= this.#makeAes(aesRecordKey(this.#key)));
  }

  #changeKey(): void {
    if (this.#records >= this.#recordsMax) {
      throw new RxmeshError(
        'RXMESH_RECORD_INVALID',
        `no nonce is left after ${this.#recordsMax} records: connect again`,
      );
    }
    this.#key = nextRecordKey(this.#key);
    this.#chacha = platformCrypto.chacha20Poly1305(this.#key);
    this.#aes = undefined;
    this.#end = Math.min(this.#records + this.#perKeyMax, this.#recordsMax);
  }
}
