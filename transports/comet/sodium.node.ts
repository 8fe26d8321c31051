import { createRequire } from 'node:module';
import { RxmeshError } from '../../lib/model/error.ts';
import type { RecordKeys } from '../../lib/secure/key-schedule.ts';
import type { FrameCipher } from './records.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

type Bytes = Uint8Array;

/** What is used of sodium-native. Both functions write to their first argument. */
interface Sodium {
  crypto_aead_chacha20poly1305_ietf_encrypt(
    ...args: [into: Bytes, plaintext: Bytes, ad: null, nsec: null, nonce: Bytes, key: Bytes]
  ): number;
  /** Throws if the tag does not match. */
  crypto_aead_chacha20poly1305_ietf_decrypt(
    ...args: [into: Bytes, nsec: null, sealed: Bytes, ad: null, nonce: Bytes, key: Bytes]
  ): number;
}

let loaded: { readonly sodium: Sodium | undefined } | undefined;

/**
 * The ciphers of a connection by sodium-native, if the application has installed it. It takes a
 * quarter of the time that Node's crypto takes for records of 1 KiB, which OpenSSL begins slowly.
 * Undefined if it is not there, or does not work.
 */
export function sodiumRecords(keys: RecordKeys): FrameCipher | undefined {
  loaded ??= { sodium: load() };
  const { sodium } = loaded;
  return sodium === undefined ? undefined : new SodiumRecords(sodium, keys);
}

function load(): Sodium | undefined {
  try {
    const found = createRequire(import.meta.url)('sodium-native') as Sodium;
    // RFC 8439 2.6.2 and 2.8 for a key, nonce and plaintext of zeros: the tag of one byte.
    const [key, nonce, sealed] = [new Uint8Array(32), new Uint8Array(12), new Uint8Array(17)];
    const plaintext = new Uint8Array(1);
    found.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, plaintext, null, null, nonce, key);
    // The first byte of the key stream's second block.
    if (sealed[0] !== 0x9f) return undefined;
    found.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, sealed, null, nonce, key);
    return plaintext[0] === 0 ? found : undefined;
  } catch {
    return undefined;
  }
}

/** ChaCha20-Poly1305 as `aeadRecords` has it, with a single key for each direction. */
class SodiumRecords implements FrameCipher {
  readonly overheadBytes: number = TAG_BYTES;
  readonly copies = true;
  readonly #sodium: Sodium;
  readonly #sendKey: Uint8Array;
  readonly #receiveKey: Uint8Array;
  readonly #sent = new Nonces();
  readonly #received = new Nonces();

  constructor(sodium: Sodium, { sendKey, receiveKey }: RecordKeys) {
    this.#sodium = sodium;
    this.#sendKey = sendKey.slice();
    this.#receiveKey = receiveKey.slice();
  }

  seal(...parts: Uint8Array[]): Uint8Array {
    const plaintext = Buffer.concat(parts);
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
    this.sealInto(plaintext, sealed);
    return sealed;
  }

  open(record: Uint8Array): Uint8Array {
    const plaintext = new Uint8Array(Math.max(record.length - TAG_BYTES, 0));
    this.openInto(record, plaintext);
    return plaintext;
  }

  sealInto(plaintext: Uint8Array, into: Uint8Array): void {
    const nonce = this.#sent.next();
    const key = this.#sendKey;
    const sodium = this.#sodium;
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(into, plaintext, null, null, nonce, key);
  }

  openInto(record: Uint8Array, into: Uint8Array): void {
    const nonce = this.#received.next();
    const key = this.#receiveKey;
    const sodium = this.#sodium;
    try {
      sodium.crypto_aead_chacha20poly1305_ietf_decrypt(into, null, record, null, nonce, key);
    } catch (cause) {
      throw new RxmeshError('RXMESH_RECORD_INVALID', 'a record does not open', { cause });
    }
  }
}

/** Counts the records of one direction. */
class Nonces {
  readonly #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(NONCE_BYTES);
  readonly #view: DataView<ArrayBuffer> = new DataView(this.#bytes.buffer);
  #records = 0;

  /** The nonce of the next record, in a buffer that is used again. */
  next(): Uint8Array {
    if (this.#records >= Number.MAX_SAFE_INTEGER) {
      throw new RxmeshError('RXMESH_RECORD_INVALID', 'no nonce is left: connect again');
    }
    this.#view.setUint32(4, this.#records % 2 ** 32, true);
    this.#view.setUint32(8, Math.floor(this.#records / 2 ** 32), true);
    this.#records += 1;
    return this.#bytes;
  }
}
