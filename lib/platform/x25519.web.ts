import { pow } from '@noble/curves/abstract/modular.js';
import { montgomery, type MontgomeryECDH } from '@noble/curves/abstract/montgomery.js';
import { FIELD_PRIME } from './crypto-input.ts';

/**
 * X25519 from noble's own ladder. `@noble/curves/ed25519.js` has it ready made, and brings a second
 * implementation of ed25519 with it, which makes a page load 7 kB more, compressed. It makes a
 * public key by a table, three times as fast; a connection makes one.
 */
export const x25519: MontgomeryECDH = montgomery({
  P: FIELD_PRIME,
  type: 'x25519',
  adjustScalarBytes: clamp,
  // What z is inverted by: x^(p - 2).
  powPminus2: (x) => pow(x, FIELD_PRIME - 2n, FIELD_PRIME),
});

/** RFC 7748 §5, `decodeScalar25519`. */
function clamp(scalar: Uint8Array): Uint8Array {
  scalar[0] = (scalar[0] ?? 0) & 248;
  scalar[31] = ((scalar[31] ?? 0) & 127) | 64;
  return scalar;
}
