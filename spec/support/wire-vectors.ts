import { signHandshake } from '../../lib/model/identity.ts';
import { toHex } from '../../lib/model/hex.ts';
import { platformCrypto } from '#platform/crypto';
import { asciiBytes, concatBytes } from '../../lib/secure/bytes.ts';
import { Handshake } from '../../lib/secure/handshake.ts';
import { rxmeshSecrets } from '../../lib/secure/key-schedule.ts';
import { encodeNodeInfo } from '../../lib/secure/node-info-codec.ts';
import { PacketBatch } from '../../lib/secure/packet-batch.ts';
import type { Self } from '../../lib/transport/transport.ts';
import { seeds, selfA, selfB } from './secure.ts';

/** The test vectors of docs/wire.md, computed: a line each, `name value`. */
export function wireVectors(): string {
  const dialer = new Handshake({
    self: selfA,
    protection: 'encrypted',
    dialed: true,
    ephemeralSeed: seeds.a.ephemeral,
  });
  const listener = new Handshake({
    self: selfB,
    protection: 'encrypted',
    dialed: false,
    ephemeralSeed: seeds.b.ephemeral,
  });
  const dhSecret = platformCrypto
    .x25519(seeds.a.ephemeral)
    .sharedSecret(listener.hello.subarray(5));
  const secrets = rxmeshSecrets({
    dialerHello: dialer.hello,
    listenerHello: listener.hello,
    dhSecret,
    dialed: true,
  });
  const introductions = {
    dialer: dialer.introduce(listener.hello),
    listener: listener.introduce(dialer.hello),
  };
  const { cipher } = dialer.prove(introductions.listener);
  const read = listener.prove(introductions.dialer);
  const batch = new PacketBatch();
  batch.accept();
  batch.credit(0x1234, 64, 4_194_304);
  batch.data(0x10, Uint8Array.of(0x68, 0x69), 0, 2, true);
  const record = batch.seal(cipher);
  const plaintext = toHex(read.cipher.open(record));
  const signature = (self: Self, label: string): Uint8Array =>
    signHandshake(self.identity, concatBytes(asciiBytes(label), secrets.challenge));
  return [
    line('dialer ephemeral private key', seeds.a.ephemeral),
    line('listener ephemeral private key', seeds.b.ephemeral),
    line('dialer identity seed', seeds.a.identity),
    line('listener identity seed', seeds.b.identity),
    line('dialer identity public key', selfA.identity.publicKey),
    line('listener identity public key', selfB.identity.publicKey),
    `dialer node id: ${selfA.identity.id}`,
    `listener node id: ${selfB.identity.id}`,
    line('dialer hello', dialer.hello),
    line('listener hello', listener.hello),
    line('dh secret', dhSecret),
    line('challenge', secrets.challenge),
    line('dialer sends with', secrets.sendKey),
    line('listener sends with', secrets.receiveKey),
    line('dialer signature', signature(selfA, 'rxmesh dialer v1')),
    line('listener signature', signature(selfB, 'rxmesh listener v1')),
    line('dialer node info', encodeNodeInfo(selfA.nodeInfo)),
    line('listener node info', encodeNodeInfo(selfB.nodeInfo)),
    line('dialer introduction', introductions.dialer),
    line('listener introduction', introductions.listener),
    `dialer first record, plaintext: ${plaintext}`,
    line('dialer first record, sealed', record),
  ].join('\n');
}

function line(name: string, bytes: Uint8Array): string {
  return `${name}: ${toHex(bytes)}`;
}
