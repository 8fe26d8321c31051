import { chacha20Poly1305 } from './aead.node.ts';
import type { Aead } from './crypto.ts';
import { hasOpenSsl, openSslAead } from './openssl-aead.node.ts';
import { forwardNow } from './system-time.ts';

const NAME = 'aes-256-gcm';

/** What is sealed to compare the two ciphers, and how often: about half a millisecond in all. */
const TRIAL_BYTES = 65_536;
const TRIALS = 3;

/** How much less time AES must take to be worth it. */
const FASTER_SHARE = 0.8;

let isFaster: boolean | undefined;

/**
 * AES-256-GCM by OpenSSL, if it is there and faster than ChaCha20-Poly1305. With instructions for
 * AES a processor takes a third of the time or less; without, several times as much. No runtime
 * tells, so the first call tries both.
 */
export function fastAes256Gcm(): ((key: Uint8Array) => Aead) | undefined {
  isFaster ??= hasOpenSsl(NAME) && timeOf(aes256Gcm) < FASTER_SHARE * timeOf(chacha20Poly1305);
  return isFaster ? aes256Gcm : undefined;
}

function aes256Gcm(key: Uint8Array): Aead {
  return openSslAead(NAME, key);
}

/** The least of a few times, in milliseconds: whatever interrupts only adds to one. */
function timeOf(cipher: (key: Uint8Array) => Aead): number {
  const aead = cipher(new Uint8Array(32));
  const [nonce, bytes] = [new Uint8Array(12), new Uint8Array(TRIAL_BYTES)];
  const times = Array.from({ length: TRIALS }, () => {
    const beganMs = forwardNow();
    aead.seal(nonce, bytes);
    return forwardNow() - beganMs;
  });
  return Math.min(...times);
}
