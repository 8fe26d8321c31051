import { signHandshake } from '../../lib/model/identity.ts';
import { toHex } from '../../lib/model/hex.ts';
import { platformCrypto } from '#platform/crypto';
import { HandshakeStart, DialerHandshake, ListenerHandshake } from '../../lib/secure/handshake.ts';
import { aesRecordKey, nextRecordKey, RxmeshTranscript } from '../../lib/secure/key-schedule.ts';
import { encodeNodeInfo } from '../../lib/secure/node-info-codec.ts';
import { openSslAead } from '../../lib/platform/openssl-aead.node.ts';
import { PacketBatch } from '../../lib/secure/packet-batch.ts';
import { offeredProtocols } from '../../transports/websocket/subprotocol.ts';
import { seeds, selfA, selfB } from './secure.ts';

/** The test vectors of docs/wire.md, computed: one line each, `name: value`. */
export function wireVectors(): string {
  const starts = {
    dialer: new HandshakeStart('encrypted', seeds.a.ephemeral),
    listener: new HandshakeStart('encrypted', seeds.b.ephemeral),
  };
  const [dialerHello, listenerHello] = [starts.dialer.hello, starts.listener.hello];
  const dialer = new DialerHandshake({ self: selfA, start: starts.dialer });
  const listener = new ListenerHandshake({
    self: selfB,
    start: starts.listener,
    dialerHello,
  });
  const { peer, introduction } = dialer.prove(listener.answer);
  const { cipher } = listener.prove(introduction);
  const batch = new PacketBatch();
  batch.accept();
  batch.credit(0x1234, 64, 4_194_304);
  batch.data(0x10, Uint8Array.of(0x68, 0x69), 0, 2, true);
  const record = batch.seal(peer.cipher);
  const plaintext = toHex(cipher.open(record));

  const dhSecret = platformCrypto.x25519(seeds.a.ephemeral).sharedSecret(listenerHello.subarray(5));
  const transcript = new RxmeshTranscript({ dialerHello, listenerHello, dhSecret });
  const keys = transcript.recordKeys('dialer');
  const [infoA, infoB] = [encodeNodeInfo(selfA.nodeInfo), encodeNodeInfo(selfB.nodeInfo)];
  const listenerSigns = transcript.introduce('listener', selfB.identity.publicKey, infoB);
  const listenerSignature = signHandshake(selfB.identity, listenerSigns);
  transcript.listenerSigned(listenerSignature);
  const dialerSigns = transcript.introduce('dialer', selfA.identity.publicKey, infoA);
  const aesKey = aesRecordKey(keys.sendKey);
  const nonce = Uint8Array.of(0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0);
  const long = openSslAead('aes-256-gcm', aesKey).seal(nonce, new Uint8Array(1024));
  return [
    line('dialer ephemeral private key', seeds.a.ephemeral),
    line('listener ephemeral private key', seeds.b.ephemeral),
    line('dialer identity seed', seeds.a.identity),
    line('listener identity seed', seeds.b.identity),
    line('dialer identity public key', selfA.identity.publicKey),
    line('listener identity public key', selfB.identity.publicKey),
    `dialer node id: ${selfA.identity.id}`,
    `listener node id: ${selfB.identity.id}`,
    line('dialer hello', dialerHello),
    `subprotocols: ${offeredProtocols(dialerHello).join(', ')}`,
    line('listener hello', listenerHello),
    line('dh secret', dhSecret),
    line('dialer sends with', keys.sendKey),
    line('listener sends with', keys.receiveKey),
    line('listener node info', infoB),
    line('listener signs', listenerSigns),
    line('listener signature', listenerSignature),
    line('listener answer', listener.answer),
    line('dialer node info', infoA),
    line('dialer signs', dialerSigns),
    line('dialer signature', signHandshake(selfA.identity, dialerSigns)),
    line('dialer introduction', introduction),
    `dialer first record, plaintext: ${plaintext}`,
    line('dialer first record, sealed', record),
    line('dialer sends with, from record 1024 on', nextRecordKey(keys.sendKey)),
    line('dialer sends long records with', aesKey),
    line('1024 zeros as record 2, SHA-256', platformCrypto.sha256(long)),
  ].join('\n');
}

function line(name: string, bytes: Uint8Array): string {
  return `${name}: ${toHex(bytes)}`;
}
