import { platformCrypto } from '#platform/crypto';

/** Makes keys as handshakes do, and uses each. Prints how many secrets agreed. */
const theirs = platformCrypto.x25519(new Uint8Array(32).fill(1));
const count = Number(process.argv[2]);
let agreed = 0;
for (let made = 0; made < count; made += 1) {
  const ours = platformCrypto.freshX25519();
  const secret = ours.sharedSecret(theirs.publicKey);
  if (made % 100 > 0) continue;
  if (theirs.sharedSecret(ours.publicKey).every((byte, at) => byte === secret[at])) agreed += 1;
}
console.log(agreed);
