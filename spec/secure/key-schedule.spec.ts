import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { platformCrypto } from '#platform/crypto';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import { Identity, signHandshake } from '../../lib/model/identity.ts';
import { cometRecordKeys, cometSecrets, RxmeshTranscript } from '../../lib/secure/key-schedule.ts';
import { aeadRecords } from '../../lib/secure/records.ts';

interface Side {
  readonly ephemeralPrivate: string;
  readonly ephemeralPublic: string;
  readonly identitySeed: string;
  readonly identityPublic: string;
  readonly nodeId: string;
  readonly signature: string;
}

const vectors = JSON.parse(read('secret-connection-vectors.json')) as {
  a: Side;
  b: Side;
  dhSecret: string;
  aSendKey: string;
  bSendKey: string;
  challenge: string;
  aAuthSigDelimited: string;
  aFirstSealedFrameSha256: string;
  aFirstSealedFrameHead64: string;
  aFirstSealedFrameTag: string;
};
const golden = read('derive-secrets.csv').trim().split('\n');

function read(file: string): string {
  return readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8');
}

function bytes(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array();
}

describe('cometRecordKeys', () => {
  it('SC-02 has 32 golden lines', () => expect(golden).toHaveLength(32));

  it.each(golden)('SC-02 derives the golden keys of %.8s', (line) => {
    const [dhSecret = '', ownIsLower, receiveKey, sendKey] = line.trim().split(',');
    const keys = cometRecordKeys(bytes(dhSecret), ownIsLower === 'true');
    expect([toHex(keys.receiveKey), toHex(keys.sendKey)]).toEqual([receiveKey, sendKey]);
  });
});

describe('cometSecrets', () => {
  const { a, b, dhSecret, challenge, aSendKey, bSendKey } = vectors;

  it('starts from the vector: both sides have the same DH secret', () => {
    for (const [own, peer] of [[a, b] as const, [b, a] as const]) {
      const seed = bytes(own.ephemeralPrivate);
      expect(toHex(platformCrypto.x25519(seed).publicKey)).toBe(own.ephemeralPublic);
      expect(toHex(platformCrypto.x25519(seed).sharedSecret(bytes(peer.ephemeralPublic)))).toBe(
        dhSecret,
      );
    }
  });

  it.each([
    [a, b, aSendKey, bSendKey],
    [b, a, bSendKey, aSendKey],
  ])('derives challenge, keys and signature of each side', (own, peer, sendKey, receiveKey) => {
    const secrets = cometSecrets(
      bytes(own.ephemeralPublic),
      bytes(peer.ephemeralPublic),
      bytes(dhSecret),
    );
    expect(toHex(secrets.challenge)).toBe(challenge);
    expect(toHex(secrets.sendKey)).toBe(sendKey);
    expect(toHex(secrets.receiveKey)).toBe(receiveKey);
    const identity = Identity.fromSeed(bytes(own.identitySeed));
    expect(identity.id).toBe(own.nodeId);
    expect(toHex(signHandshake(identity, secrets.challenge))).toBe(own.signature);
  });

  it('seals the first frame of the vector', () => {
    const message = bytes(vectors.aAuthSigDelimited);
    const frame = new Uint8Array(1028);
    new DataView(frame.buffer).setUint32(0, message.length, true);
    frame.set(message, 4);
    const sealed = aeadRecords({
      sendKey: bytes(aSendKey),
      receiveKey: bytes(bSendKey),
    }).seal(frame);
    expect(sealed).toHaveLength(1044);
    expect(toHex(sealed.subarray(0, 64))).toBe(vectors.aFirstSealedFrameHead64);
    expect(toHex(sealed.subarray(-16))).toBe(vectors.aFirstSealedFrameTag);
    expect(toHex(platformCrypto.sha256(sealed))).toBe(vectors.aFirstSealedFrameSha256);
  });
});

describe('RxmeshTranscript', () => {
  const exchange = {
    dialerHello: Uint8Array.of(1, 2, 3),
    listenerHello: Uint8Array.of(4, 5, 6),
    dhSecret: bytes(vectors.dhSecret),
  };
  const said = {
    listenerKey: new Uint8Array(32).fill(1),
    listenerInfo: Uint8Array.of(1),
    listenerSignature: new Uint8Array(64).fill(2),
    dialerKey: new Uint8Array(32).fill(3),
    dialerInfo: Uint8Array.of(4),
  };

  /** All that comes of what both sides say. */
  function drawn(changes: Partial<typeof exchange & typeof said> = {}) {
    const all = { ...exchange, ...said, ...changes };
    const transcript = new RxmeshTranscript(all);
    const { sendKey, receiveKey } = transcript.recordKeys('dialer');
    const listenerSigns = transcript.introduce('listener', all.listenerKey, all.listenerInfo);
    transcript.listenerSigned(all.listenerSignature);
    const dialerSigns = transcript.introduce('dialer', all.dialerKey, all.dialerInfo);
    return { sendKey, receiveKey, listenerSigns, dialerSigns };
  }

  const usual = drawn();

  it('gives the two sides their keys crosswise', () => {
    const transcript = new RxmeshTranscript(exchange);
    const { sendKey, receiveKey } = transcript.recordKeys('listener');
    expect([sendKey, receiveKey]).toEqual([usual.receiveKey, usual.sendKey]);
    expect(sendKey).not.toEqual(receiveKey);
  });

  it.each([
    ['the dialer hello', { dialerHello: Uint8Array.of(1, 2, 4) }],
    ['the listener hello', { listenerHello: Uint8Array.of(4, 5, 7) }],
    ['the DH secret', { dhSecret: new Uint8Array(32).fill(1) }],
  ])('binds keys and signatures to %s', (_, changes) => {
    const other = drawn(changes);
    expect(other.sendKey).not.toEqual(usual.sendKey);
    expect(other.receiveKey).not.toEqual(usual.receiveKey);
    expect(other.listenerSigns).not.toEqual(usual.listenerSigns);
    expect(other.dialerSigns).not.toEqual(usual.dialerSigns);
  });

  it.each([
    ['its key', { listenerKey: new Uint8Array(32) }],
    ['its node info', { listenerInfo: Uint8Array.of(1, 0) }],
  ])('S-04 has both sides sign what the listener says of itself: %s', (_, changes) => {
    const other = drawn(changes);
    expect(other.sendKey).toEqual(usual.sendKey);
    expect(other.listenerSigns).not.toEqual(usual.listenerSigns);
    expect(other.dialerSigns).not.toEqual(usual.dialerSigns);
  });

  it.each([
    ["the listener's signature", { listenerSignature: new Uint8Array(64) }],
    ['its key', { dialerKey: new Uint8Array(32) }],
    ['its node info', { dialerInfo: new Uint8Array(0) }],
  ])('S-04 has the dialer sign %s', (_, changes) => {
    const other = drawn(changes);
    expect(other.listenerSigns).toEqual(usual.listenerSigns);
    expect(other.dialerSigns).not.toEqual(usual.dialerSigns);
  });

  it('shares nothing with CometBFT’s, whatever the hellos', () => {
    const comet = cometRecordKeys(exchange.dhSecret, true);
    expect([comet.sendKey, comet.receiveKey]).not.toContainEqual(usual.sendKey);
  });
});
