import { RxmeshError } from '../model/error.ts';
import { asciiBytes, equalBytes } from './bytes.ts';

/**
 * How a connection is protected.
 *
 * - `encrypted`: both sides prove their keys, and all records are encrypted
 * - `proven`: both sides prove their keys, records are plain; for wires within one process
 * - `trusted`: keys are taken on trust, for tests within one process
 */
export type Protection = 'encrypted' | 'proven' | 'trusted';

const MAGIC: Uint8Array = asciiBytes('rxm');
const WIRE_VERSION = 2;
const PROTECTION_BYTES: Readonly<Record<Protection, number>> = {
  encrypted: 1,
  proven: 2,
  trusted: 3,
};

/** Magic, version and protection precede the key. */
const KEY_AT = 5;
/** Length of a hello in bytes. */
export const HELLO_BYTES: number = KEY_AT + 32;

/** Encodes the first message of each side (docs/wire.md, "Hello"): 37 bytes. */
export function encodeHello(protection: Protection, ephemeralKey: Uint8Array): Uint8Array {
  const hello = new Uint8Array(HELLO_BYTES);
  hello.set(MAGIC);
  hello[3] = WIRE_VERSION;
  hello[4] = PROTECTION_BYTES[protection];
  hello.set(ephemeralKey, KEY_AT);
  return hello;
}

/**
 * Returns the ephemeral public key in a hello; 32 zero bytes if `trusted`.
 * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED` if it is not a hello, or of another version or
 *   protection
 */
export function decodeHello(hello: Uint8Array, protection: Protection): Uint8Array {
  const problem = helloProblem(hello, protection);
  if (problem !== undefined) throw new RxmeshError('RXMESH_HANDSHAKE_FAILED', problem);
  return hello.slice(KEY_AT);
}

/** Describes what is wrong with a hello, or returns undefined. The key itself is not checked. */
export function helloProblem(
  hello: Uint8Array,
  protection: Protection = 'encrypted',
): string | undefined {
  if (hello.length !== HELLO_BYTES || !equalBytes(hello.subarray(0, 3), MAGIC)) {
    return 'the other side did not begin with an rxmesh hello: is it an rxmesh node?';
  }
  if (hello[3] !== WIRE_VERSION) {
    return `the other side uses version ${hello[3] ?? 0} of the wire protocol, not ${WIRE_VERSION}`;
  }
  if (hello[4] !== PROTECTION_BYTES[protection]) {
    return `the other side does not use the protection ${protection}`;
  }
  if (protection === 'trusted' && hello.subarray(KEY_AT).some((byte) => byte !== 0)) {
    return 'the hello of a trusted connection must have no key';
  }
  return undefined;
}
