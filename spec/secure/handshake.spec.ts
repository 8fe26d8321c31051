import { describe, expect, it } from '@jest/globals';
import { platformCrypto } from '#platform/crypto';
import { signHandshake } from '../../lib/model/identity.ts';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import { type NodeId, parseNodeId } from '../../lib/model/id.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import { asciiBytes, concatBytes } from '../../lib/secure/bytes.ts';
import { HandshakeStart, DialerHandshake, ListenerHandshake } from '../../lib/secure/handshake.ts';
import { openSslAead } from '../../lib/platform/openssl-aead.node.ts';
import { encodeHello, type Protection } from '../../lib/secure/hello.ts';
import { RxmeshTranscript } from '../../lib/secure/key-schedule.ts';
import { encodeNodeInfo } from '../../lib/secure/node-info-codec.ts';
import { aeadRecords } from '../../lib/secure/records.ts';
import type { Self } from '../../lib/transport/transport.ts';
import { seeds, selfA, selfB, selfOf } from '../support/secure.ts';

const protections = ['encrypted', 'proven', 'trusted'] as const;
const otherId = parseNodeId('0'.repeat(40));

/** A dialer, and its hello. */
function dialer(protection: Protection = 'encrypted', self: Self = selfA, expected?: NodeId) {
  const start = new HandshakeStart(protection, seeds.a.ephemeral);
  const { hello } = start;
  const handshake = new DialerHandshake({ self, start, expected });
  return { hello, prove: (answer: Uint8Array) => handshake.prove(answer) };
}

/** A listener that was dialed with a hello: of `dialer`, unless another is given. */
function listener(
  protection: Protection = 'encrypted',
  self: Self = selfB,
  dialerHello: Uint8Array = dialer(protection).hello,
): ListenerHandshake {
  const start = new HandshakeStart(protection, seeds.b.ephemeral);
  return new ListenerHandshake({ self, start, dialerHello });
}

function failure(code: string, message: RegExp = /./): unknown {
  return expect.objectContaining({
    code,
    message: expect.stringMatching(message),
  });
}

/** What the listener signs when it says that it is `self`, and `info`. */
type Proof = (signs: (self: Self, info: Uint8Array) => Uint8Array) => readonly Uint8Array[];

/** An answer of the listener that is sealed as it should be, whatever is in it. */
function answerOf(parts: Proof): Uint8Array {
  const dialerHello = dialer().hello;
  const listenerHello = new HandshakeStart('encrypted', seeds.b.ephemeral).hello;
  const dhSecret = platformCrypto.x25519(seeds.b.ephemeral).sharedSecret(dialerHello.subarray(5));
  const transcript = new RxmeshTranscript({ dialerHello, listenerHello, dhSecret });
  const cipher = aeadRecords(transcript.recordKeys('listener'));
  const introduction = parts((self, info) =>
    transcript.introduce('listener', self.identity.publicKey, info),
  );
  return concatBytes(listenerHello, cipher.seal(concatBytes(...introduction)));
}

/** What a dialer says to such an answer. */
function proveEvil(parts: Proof): () => unknown {
  const answer = answerOf(parts);
  return () => dialer().prove(answer);
}

function signedBy(self: Self, info: Uint8Array = encodeNodeInfo(self.nodeInfo)): Proof {
  return (signs) => [
    self.identity.publicKey,
    signHandshake(self.identity, signs(self, info)),
    info,
  ];
}

/** The dialer's records, without AES and after the introduction. */
function plainly({ hello }: HandshakeStart) {
  const listenerHello = new HandshakeStart('encrypted', seeds.b.ephemeral).hello;
  const dhSecret = platformCrypto.x25519(seeds.a.ephemeral).sharedSecret(listenerHello.subarray(5));
  const transcript = new RxmeshTranscript({ dialerHello: hello, listenerHello, dhSecret });
  const cipher = aeadRecords(transcript.recordKeys('dialer'));
  cipher.seal(new Uint8Array());
  return cipher;
}

describe('Handshake', () => {
  it.each([
    ['encrypted', '01', '7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13'],
    ['proven', '02', '7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13'],
    ['trusted', '03', '00'.repeat(32)],
  ] as const)('begins with a hello that is %s, byte for byte', (protection, byte, key) =>
    expect(toHex(dialer(protection).hello)).toBe('72786d' + '02' + byte + key),
  );

  it('agrees on AES for long records if both sides offer it, and only then', () => {
    const aes = (key: Uint8Array) => openSslAead('aes-256-gcm', key);
    const long = new Uint8Array(2_000);
    const full = selfOf(seeds.a.identity, {
      features: Array.from({ length: 16 }, (_, at) => `feature ${at}`),
    });
    for (const [self, aesOfA, aesOfB, isAes] of [
      [selfA, aes, aes, true],
      [selfA, aes, undefined, false],
      [selfA, undefined, aes, false],
      // There is no room to name another.
      [full, aes, aes, false],
    ] as const) {
      const start = new HandshakeStart('encrypted', seeds.a.ephemeral, aesOfA);
      const a = new DialerHandshake({ self, start });
      const b = new ListenerHandshake({
        self: selfB,
        start: new HandshakeStart('encrypted', seeds.b.ephemeral, aesOfB),
        dialerHello: start.hello,
      });
      const { peer: atA, introduction } = a.prove(b.answer);
      const atB = b.prove(introduction);
      const record = atA.cipher.seal(long);
      expect(toHex(record) === toHex(plainly(start).seal(long))).toBe(!isAes);
      expect(atB.cipher.open(record)).toEqual(long);
      expect(atA.cipher.open(atB.cipher.seal(long))).toEqual(long);
      // What the wire has added is not for users.
      expect([atA.nodeInfo, atB.nodeInfo]).toEqual([selfB.nodeInfo, self.nodeInfo]);
    }
  });

  it.each(protections)('T-12 SC-01 gives each side key and node info of the other, %s', (each) => {
    const a = dialer(each);
    const b = listener(each);
    const { peer: atA, introduction } = a.prove(b.answer);
    const atB = b.prove(introduction);
    expect(atA.nodeInfo).toEqual(selfB.nodeInfo);
    expect(atB.nodeInfo).toEqual(selfA.nodeInfo);
    expect(toHex(atA.publicKey)).toBe(toHex(selfB.identity.publicKey));
    expect(toHex(atB.publicKey)).toBe(toHex(selfA.identity.publicKey));
    const text = asciiBytes('over the wire');
    expect(atB.cipher.open(atA.cipher.seal(text))).toEqual(text);
    expect(atA.cipher.open(atB.cipher.seal(text))).toEqual(text);
  });

  it('answers with its hello, byte for byte', () =>
    expect(toHex(listener().answer.subarray(0, 37))).toBe(
      '72786d0201' + '0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20',
    ));

  it('shows neither key nor node info on an encrypted wire', () => {
    const b = listener();
    const { introduction } = dialer().prove(b.answer);
    for (const [frame, { identity, nodeInfo }] of [
      [b.answer, selfB],
      [introduction, selfA],
    ] as const) {
      const wire = toHex(frame);
      expect(wire.includes(toHex(identity.publicKey))).toBe(false);
      expect(wire.includes(toHex(asciiBytes(nodeInfo.nodeId)))).toBe(false);
    }
  });

  it('signs nothing and seals nothing when trusted', () => {
    const expected = [selfA.identity.publicKey, new Uint8Array(64), encodeNodeInfo(selfA.nodeInfo)];
    const { introduction } = dialer('trusted').prove(listener('trusted').answer);
    expect(introduction).toEqual(concatBytes(...expected));
  });

  it('refuses to start with a node info that is too long', () => {
    const long = selfOf(seeds.a.identity, { moniker: 'm'.repeat(11_000) });
    expect(() => dialer('encrypted', long)).toThrow(failure('RXMESH_NODE_INFO_INVALID'));
    expect(() => listener('encrypted', long)).toThrow(failure('RXMESH_NODE_INFO_INVALID'));
  });

  it.each(protections)('S-04 introduces the dialer to the expected node only, %s', (each) => {
    const { answer } = listener(each);
    expect(() => dialer(each, selfA, selfB.identity.id).prove(answer)).not.toThrow();
    expect(() => dialer(each, selfA, otherId).prove(answer)).toThrow(
      expect.objectContaining({ code: 'RXMESH_IDENTITY_MISMATCH', peer: selfB.identity.id }),
    );
  });
});

describe('Handshake with an evil hello', () => {
  const key = '0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20';

  it.each([
    ['nothing', '', /did not begin with an rxmesh hello/],
    ['36 bytes', '72786d0201' + key.slice(2), /did not begin with an rxmesh hello/],
    [
      '38 bytes',
      '72786d0201' + key + '00',
      /did not begin with an rxmesh hello|could not be decrypted/,
    ],
    ['another magic', '72786e0201' + key, /did not begin with an rxmesh hello/],
    ['CometBFT’s first message', '220a20' + key, /did not begin with an rxmesh hello/],
    [
      'an HTTP request',
      toHex(asciiBytes('GET / HTTP/1.1\r\nHost: example.com\r\n\r')),
      /did not begin with an rxmesh hello/,
    ],
    ['version 0', '72786d0001' + key, /version 0 of the wire protocol, not 2/],
    ['version 1', '72786d0101' + key, /version 1/],
    ['version 3', '72786d0301' + key, /version 3/],
    ['a downgrade to proven', '72786d0202' + key, /not use the protection encrypted/],
    ['a downgrade to trusted', '72786d0203' + '00'.repeat(32), /not use the protection/],
    ['an unknown protection', '72786d0200' + key, /not use the protection/],
    ['our own hello', toHex(dialer().hello), /sent our own hello back/],
  ])('SC-04 refuses %s', (_, hex, message) => {
    const hello = fromHex(hex) ?? new Uint8Array();
    expect(() => dialer().prove(hello)).toThrow(failure('RXMESH_HANDSHAKE_FAILED', message));
    if (hex === toHex(dialer().hello)) return;
    expect(() => listener('encrypted', selfB, hello)).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', message),
    );
  });

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
      const lowOrder = failure('RXMESH_HANDSHAKE_FAILED', /low order/);
      expect(() => dialer(protection).prove(hello)).toThrow(lowOrder);
      expect(() => listener(protection, selfB, hello)).toThrow(lowOrder);
    }
  });

  it('refuses a trusted hello with a key', () =>
    expect(() => dialer('trusted').prove(encodeHello('trusted', selfA.identity.publicKey))).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /must have no key/),
    ));

  it('fails when a bit of a hello was changed on its way, though both sides took it', () => {
    const changed = dialer().hello.slice();
    changed[36] = (changed[36] ?? 0) ^ 0x80; // a bit that X25519 ignores
    const { answer } = listener('encrypted', selfB, changed);
    expect(() => dialer().prove(answer)).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /could not be decrypted/),
    );
  });
});

describe('Handshake with an evil introduction', () => {
  it('starts from a good one', () => expect(proveEvil(signedBy(selfB))).not.toThrow());

  const notProved = failure('RXMESH_HANDSHAKE_FAILED', /not proved/);

  it('SC-04 refuses a signature by another key', () => {
    const other = selfOf(new Uint8Array(32).fill(9));
    expect(
      proveEvil((signs) => [other.identity.publicKey, ...signedBy(selfB)(signs).slice(1)]),
    ).toThrow(notProved);
  });

  it('SC-04 refuses a signature over another challenge', () =>
    expect(proveEvil(() => signedBy(selfB)(() => new Uint8Array(50)))).toThrow(notProved));

  it('SC-04 refuses the signature of the other role', () =>
    expect(
      proveEvil((signs) =>
        signedBy(selfB)((self, info) => {
          const challenge = signs(self, info).slice(asciiBytes('rxmesh listener v2').length);
          return concatBytes(asciiBytes('rxmesh dialer v2'), challenge);
        }),
      ),
    ).toThrow(notProved));

  it('S-04 refuses a node info that was not signed', () => {
    const info = encodeNodeInfo(selfB.nodeInfo);
    const other = encodeNodeInfo({ ...selfB.nodeInfo, moniker: 'other' });
    expect(proveEvil((signs) => [...signedBy(selfB, info)(signs).slice(0, 2), other])).toThrow(
      notProved,
    );
  });

  it.each([40, 100, -1])('S-04 finds byte %d of a plain introduction changed, either way', (at) => {
    const changed = (frame: Uint8Array, from: number): Uint8Array => {
      const copy = frame.slice();
      const index = at < 0 ? copy.length + at : from + at;
      copy[index] = (copy[index] ?? 0) ^ 0x01;
      return copy;
    };
    const b = listener('proven');
    expect(() => dialer('proven').prove(changed(b.answer, 37))).toThrow(notProved);
    const { introduction } = dialer('proven').prove(b.answer);
    expect(() => b.prove(changed(introduction, 0))).toThrow(notProved);
  });

  it('S-04 refuses a dialer that was introduced to another listener', () => {
    const other = selfOf(new Uint8Array(32).fill(9));
    const { introduction } = dialer('proven').prove(listener('proven', other).answer);
    expect(() => listener('proven').prove(introduction)).toThrow(notProved);
  });

  it('refuses its own introduction, sent back on a wire that does not encrypt', () => {
    const b = listener('proven');
    expect(() => b.prove(b.answer.subarray(37))).toThrow(notProved);
  });

  it('tells a connection to itself', () => {
    const expected = expect.objectContaining({
      code: 'RXMESH_SELF_CONNECTION',
      peer: selfA.identity.id,
    });
    expect(proveEvil(signedBy(selfA))).toThrow(expected);
    const { answer } = listener('trusted', selfA);
    expect(() => dialer('trusted').prove(answer)).toThrow(expected);
    const { introduction } = dialer('trusted', selfB).prove(answer);
    expect(() => listener('trusted').prove(introduction)).toThrow(
      expect.objectContaining({ code: 'RXMESH_SELF_CONNECTION', peer: selfB.identity.id }),
    );
  });

  it('refuses a node info that names another node', () => {
    const lying = encodeNodeInfo({ ...selfB.nodeInfo, nodeId: otherId });
    expect(proveEvil(signedBy(selfB, lying))).toThrow(
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
    expect(proveEvil(signedBy(selfB, info))).toThrow(
      expect.objectContaining({
        code: 'RXMESH_HANDSHAKE_FAILED',
        peer: selfB.identity.id,
      }),
    );
  });

  it('refuses what is too short, and what is too long before it opens it', () => {
    expect(proveEvil(() => [new Uint8Array(95)])).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /at least 96 bytes, got /),
    );
    expect(proveEvil(() => [new Uint8Array(96 + 10_241)])).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /at most 10352 bytes, got 10353/),
    );
  });

  it.each([0, 40, 100, -1])('SC-04 refuses an introduction with byte %d changed', (at) => {
    const b = listener();
    const { introduction } = dialer().prove(b.answer);
    const index = at < 0 ? introduction.length + at : at;
    introduction[index] = (introduction[index] ?? 0) ^ 0x10;
    expect(() => b.prove(introduction)).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /could not be decrypted/),
    );
  });

  it('refuses a trusted introduction with a signature', () => {
    const parts = signedBy(selfB)(() => new Uint8Array(32));
    const answer = concatBytes(new HandshakeStart('trusted').hello, ...parts);
    expect(() => dialer('trusted').prove(answer)).toThrow(
      failure('RXMESH_HANDSHAKE_FAILED', /must have no signature/),
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
