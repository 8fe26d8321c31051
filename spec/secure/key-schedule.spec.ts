import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { platformCrypto } from '#platform/crypto';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import { Identity, signHandshake } from '../../lib/model/identity.ts';
import { cometRecordKeys, cometSecrets, rxmeshSecrets } from '../../lib/secure/key-schedule.ts';
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

describe('rxmeshSecrets', () => {
  const exchange = {
    dialerHello: Uint8Array.of(1, 2, 3),
    listenerHello: Uint8Array.of(4, 5, 6),
    dhSecret: bytes(vectors.dhSecret),
    dialed: true,
  };
  const dialer = rxmeshSecrets(exchange);

  it('gives the two sides the same challenge, and keys crosswise', () => {
    const listener = rxmeshSecrets({ ...exchange, dialed: false });
    expect(listener.challenge).toEqual(dialer.challenge);
    expect(listener.sendKey).toEqual(dialer.receiveKey);
    expect(listener.receiveKey).toEqual(dialer.sendKey);
    expect(dialer.sendKey).not.toEqual(dialer.receiveKey);
  });

  it.each([
    ['the dialer hello', { dialerHello: Uint8Array.of(1, 2, 4) }],
    ['the listener hello', { listenerHello: Uint8Array.of(4, 5, 7) }],
    ['the DH secret', { dhSecret: new Uint8Array(32).fill(1) }],
  ])('binds challenge and both keys to %s', (_, changes) => {
    const other = rxmeshSecrets({ ...exchange, ...changes });
    expect(other.challenge).not.toEqual(dialer.challenge);
    expect(other.sendKey).not.toEqual(dialer.sendKey);
    expect(other.receiveKey).not.toEqual(dialer.receiveKey);
  });

  it('shares nothing with CometBFT’s, whatever the hellos', () => {
    const comet = cometRecordKeys(exchange.dhSecret, true);
    expect([comet.sendKey, comet.receiveKey]).not.toContainEqual(dialer.sendKey);
  });
});
