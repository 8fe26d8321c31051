import { describe, expect, it } from '@jest/globals';
import { platformCrypto } from '#platform/crypto';
import { signHandshake } from '../../lib/model/identity.ts';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import { asciiBytes, concatBytes } from '../../lib/secure/bytes.ts';
import { Handshake } from '../../lib/secure/handshake.ts';
import { encodeHello, type Protection } from '../../lib/secure/hello.ts';
import { rxmeshSecrets } from '../../lib/secure/key-schedule.ts';
import { encodeNodeInfo } from '../../lib/secure/node-info-codec.ts';
import { aeadRecords, plainRecords } from '../../lib/secure/records.ts';
import type { Self } from '../../lib/transport/transport.ts';
import { seeds, selfA, selfB, selfOf } from '../support/secure.ts';

const protections = ['encrypted', 'proven', 'trusted'] as const;

function dialer(protection: Protection = 'encrypted', self: Self = selfA): Handshake {
  return new Handshake({ self, protection, dialed: true, ephemeralSeed: seeds.a.ephemeral });
}

function listener(protection: Protection = 'encrypted', self: Self = selfB): Handshake {
  return new Handshake({ self, protection, dialed: false, ephemeralSeed: seeds.b.ephemeral });
}

function failure(code: string, message: RegExp = /./): unknown {
  return expect.objectContaining({
    code,
    message: expect.stringMatching(message),
  });
}

/** An introduction by the listener that is sealed as it should be, whatever is in it. */
function sealed(dialerHello: Uint8Array, parts: (challenge: Uint8Array) => readonly Uint8Array[]) {
  const listenerHello = listener().hello;
  const dhSecret = platformCrypto.x25519(seeds.b.ephemeral).sharedSecret(dialerHello.subarray(5));
  const secrets = rxmeshSecrets({ dialerHello, listenerHello, dhSecret, dialed: false });
  return aeadRecords(secrets).seal(concatBytes(...parts(secrets.challenge)));
}

/** What a dialer says to such an introduction. */
function proveEvil(parts: (challenge: Uint8Array) => readonly Uint8Array[]): () => unknown {
  const good = dialer();
  good.introduce(listener().hello);
  const introduction = sealed(good.hello, parts);
  return () => good.prove(introduction);
}

const listenerLabel = asciiBytes('rxmesh listener v1');
const dialerLabel = asciiBytes('rxmesh dialer v1');

function signedBy(self: Self, label: Uint8Array, info: Uint8Array = encodeNodeInfo(self.nodeInfo)) {
  return (challenge: Uint8Array) => [
    self.identity.publicKey,
    signHandshake(self.identity, concatBytes(label, challenge)),
    info,
  ];
}

describe('Handshake', () => {
  it.each([
    ['encrypted', '01', '7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13'],
    ['proven', '02', '7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13'],
    ['trusted', '03', '00'.repeat(32)],
  ] as const)('begins with a hello that is %s, byte for byte', (protection, byte, key) =>
    expect(toHex(dialer(protection).hello)).toBe('72786d' + '01' + byte + key),
  );

  it.each(protections)('T-12 SC-01 gives each side key and node info of the other, %s', (each) => {
    const a = dialer(each);
    const b = listener(each);
    const fromA = a.introduce(b.hello);
    const fromB = b.introduce(a.hello);
    const atA = a.prove(fromB);
    const atB = b.prove(fromA);
    expect(atA.nodeInfo).toEqual(selfB.nodeInfo);
    expect(atB.nodeInfo).toEqual(selfA.nodeInfo);
    expect(toHex(atA.publicKey)).toBe(toHex(selfB.identity.publicKey));
    expect(toHex(atB.publicKey)).toBe(toHex(selfA.identity.publicKey));
    const text = asciiBytes('over the wire');
    expect(atB.cipher.open(atA.cipher.seal(text))).toEqual(text);
    expect(atA.cipher.open(atB.cipher.seal(text))).toEqual(text);
  });

  it('shows neither key nor node info on an encrypted wire', () => {
    const wire = toHex(dialer().introduce(listener().hello));
    expect(wire.includes(toHex(selfA.identity.publicKey))).toBe(false);
    expect(wire.includes(toHex(asciiBytes('tester')))).toBe(false);
  });

  it('signs nothing and seals nothing when trusted', () => {
    const expected = [selfA.identity.publicKey, new Uint8Array(64), encodeNodeInfo(selfA.nodeInfo)];
    const introduction = dialer('trusted').introduce(listener('trusted').hello);
    expect(introduction).toEqual(concatBytes(...expected));
  });

  it('refuses to start with a node info that is too long', () =>
    expect(() =>
      dialer('encrypted', selfOf(seeds.a.identity, { moniker: 'm'.repeat(11_000) })),
    ).toThrow(failure('RXMESH_NODE_INFO_INVALID')));
});

describe('Handshake with an evil hello', () => {
  const key = '0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20';

  it.each([
    ['nothing', '', /not a hello/],
    ['36 bytes', '72786d0101' + key.slice(2), /not a hello/],
    ['38 bytes', '72786d0101' + key + '00', /not a hello/],
    ['another magic', '72786e0101' + key, /not a hello/],
    ['CometBFT’s first message', '220a20' + key, /not a hello/],
    [
      'an HTTP request',
      toHex(asciiBytes('GET / HTTP/1.1\r\nHost: example.com\r\n\r')),
      /not a hello/,
    ],
    ['version 0', '72786d0001' + key, /version 0 of the wire, not 1/],
    ['version 2', '72786d0201' + key, /version 2/],
    ['a downgrade to proven', '72786d0102' + key, /not offer a connection that is encrypted/],
    ['a downgrade to trusted', '72786d0103' + '00'.repeat(32), /not offer/],
    ['an unknown protection', '72786d0100' + key, /not offer/],
    ['our own hello', toHex(dialer().hello), /our own hello came back/],
  ])('SC-04 refuses %s', (_, hex, message) =>
    expect(() => dialer().introduce(fromHex(hex) ?? new Uint8Array())).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', message),
    ),
  );

  // RFC 7748 has eight points whose multiple by a key is zero: u = 0, 1, -1 and two of order 8, of
  // the curve and its twist, and these again beyond the prime 2^255 - 19 where 255 bits allow it.
  const lowOrder = [
    '00'.repeat(32),
    '01' + '00'.repeat(31),
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ];

  it.each(lowOrder)('SC-04 refuses the low-order point %s', (point) => {
    for (const protection of ['encrypted', 'proven'] as const) {
      const hello = encodeHello(protection, fromHex(point) ?? new Uint8Array(32));
      expect(() => dialer(protection).introduce(hello)).toThrow(
        failure('RXMESH_HANDSHAKE_FAILED', /low order/),
      );
    }
  });

  it('refuses a trusted hello with a key', () =>
    expect(() =>
      dialer('trusted').introduce(encodeHello('trusted', selfA.identity.publicKey)),
    ).toThrow(failure('RXMESH_HANDSHAKE_FAILED', /has a key/)));

  it('fails when a bit of a hello was changed on its way, though both sides took it', () => {
    const a = dialer();
    const b = listener();
    const changed = a.hello.slice();
    changed[36] = (changed[36] ?? 0) ^ 0x80; // a bit that X25519 ignores
    a.introduce(b.hello);
    const fromB = b.introduce(changed);
    expect(() => a.prove(fromB)).toThrow(failure('RXMESH_HANDSHAKE_FAILED', /does not open/));
  });
});

describe('Handshake with an evil introduction', () => {
  it('starts from a good one', () =>
    expect(proveEvil(signedBy(selfB, listenerLabel))).not.toThrow());

  it('SC-04 refuses a signature by another key', () => {
    const good = signedBy(selfB, listenerLabel);
    const other = selfOf(new Uint8Array(32).fill(9));
    expect(
      proveEvil((challenge) => [other.identity.publicKey, ...good(challenge).slice(1)]),
    ).toThrow(failure('RXMESH_HANDSHAKE_FAILED', /not proved/));
  });

  it('SC-04 refuses a signature over another challenge', () =>
    expect(proveEvil(() => signedBy(selfB, listenerLabel)(new Uint8Array(32)))).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /not proved/),
    ));

  it('SC-04 refuses the signature of the other role', () =>
    expect(proveEvil(signedBy(selfB, dialerLabel))).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /not proved/),
    ));

  it('refuses our own introduction, sent back on a wire that does not encrypt', () => {
    const a = dialer('proven');
    const own = a.introduce(listener('proven').hello);
    expect(() => a.prove(own)).toThrow(failure('RXMESH_HANDSHAKE_FAILED', /not proved/));
  });

  it('tells a connection to itself', () => {
    const expected = expect.objectContaining({
      code: 'RXMESH_SELF_CONNECTION',
      peer: selfA.identity.id,
    });
    expect(proveEvil(signedBy(selfA, listenerLabel))).toThrow(expected);
    const trusted = dialer('trusted');
    const back = trusted.introduce(listener('trusted').hello);
    expect(() => trusted.prove(back)).toThrow(expected);
  });

  it('refuses a node info that names another node', () => {
    const lying = encodeNodeInfo({ ...selfB.nodeInfo, nodeId: '0'.repeat(40) });
    expect(proveEvil(signedBy(selfB, listenerLabel, lying))).toThrow(
      expect.objectContaining({
        code: 'RXMESH_IDENTITY_MISMATCH',
        peer: selfB.identity.id,
      }),
    );
  });

  it.each<[string, Uint8Array | Partial<NodeInfo>]>([
    ['is garbage', Uint8Array.of(0xff, 0xff, 0xff)],
    ['has no moniker', { moniker: '' }],
    ['has a moniker beyond ASCII', { moniker: 'ä' }],
    ['has a channel twice', { channels: [1, 1] }],
    ['has a channel above 65,535', { channels: [65_536] }],
    ['has 17 channels', { channels: Array.from({ length: 17 }, (_, id) => id) }],
  ])('refuses a node info that %s', (_, changes) => {
    const info =
      changes instanceof Uint8Array ? changes : encodeNodeInfo({ ...selfB.nodeInfo, ...changes });
    expect(proveEvil(signedBy(selfB, listenerLabel, info))).toThrow(
      expect.objectContaining({
        code: 'RXMESH_HANDSHAKE_FAILED',
        peer: selfB.identity.id,
      }),
    );
  });

  it('refuses what is too short, and what is too long before it opens it', () => {
    expect(proveEvil(() => [new Uint8Array(95)])).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /too short/),
    );
    expect(proveEvil(() => [new Uint8Array(96 + 10_241)])).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /10353 bytes, more than 10352/),
    );
  });

  it.each([0, 40, 100, -1])('SC-04 refuses an introduction with byte %d changed', (at) => {
    const a = dialer();
    const b = listener();
    a.introduce(b.hello);
    const introduction = b.introduce(a.hello);
    const index = at < 0 ? introduction.length + at : at;
    introduction[index] = (introduction[index] ?? 0) ^ 0x10;
    expect(() => a.prove(introduction)).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /does not open/),
    );
  });

  it('refuses an introduction in front of a hello, and behind one that it refused', () => {
    const unsigned = listener('trusted').introduce(dialer('trusted').hello);
    const a = dialer();
    expect(() => a.prove(unsigned)).toThrow(failure('RXMESH_HANDSHAKE_FAILED', /in front of/));
    expect(() => a.introduce(new Uint8Array())).toThrow(failure('RXMESH_HANDSHAKE_FAILED'));
    expect(() => a.prove(unsigned)).toThrow(failure('RXMESH_HANDSHAKE_FAILED', /in front of/));
  });

  it('refuses a trusted introduction with a signature', () => {
    const a = dialer('trusted');
    a.introduce(listener('trusted').hello);
    const parts = signedBy(selfB, listenerLabel)(new Uint8Array(32));
    expect(() => a.prove(plainRecords.seal(concatBytes(...parts)))).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /where none belongs/),
    );
  });

  // Under these keys, signatures that fit any message can be made without a private key: R = [S]B.
  // Identity, order 2, order 4 (two), order 8 (four); then one beyond the prime, and none at all.
  const weakKeys = [
    '01' + '00'.repeat(31),
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '00'.repeat(32),
    '00'.repeat(31) + '80',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'ff'.repeat(32),
  ];

  it.each(weakKeys)('SC-03 refuses the key %s', (hex) => {
    const key = fromHex(hex) ?? new Uint8Array(32);
    // S = 0 and R = the identity: verifies under the identity key, whatever the message is.
    const signature = concatBytes(Uint8Array.of(1), new Uint8Array(63));
    expect(proveEvil(() => [key, signature, encodeNodeInfo(selfB.nodeInfo)])).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /not proved/),
    );
  });
});
