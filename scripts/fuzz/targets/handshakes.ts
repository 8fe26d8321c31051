import { type ErrorCode } from '../../../lib/model/error.ts';
import { signHandshake } from '../../../lib/model/identity.ts';
import { platformCrypto } from '#platform/crypto';
import {
  HandshakeStart,
  DialerHandshake,
  ListenerHandshake,
  type AuthenticatedPeer,
} from '../../../lib/secure/handshake.ts';
import { HELLO_BYTES } from '../../../lib/secure/hello.ts';
import { RxmeshTranscript } from '../../../lib/secure/key-schedule.ts';
import { aeadRecords } from '../../../lib/secure/records.ts';
import { seeds, selfA, selfB } from '../../../spec/support/secure.ts';
import { joined } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import { attempt, expectThat, type Target } from '../target.ts';
import { nodeInfoBytes } from './node-infos.ts';

/** The error codes of a failed handshake. */
const codes: readonly ErrorCode[] = [
  'RXMESH_HANDSHAKE_FAILED',
  'RXMESH_IDENTITY_MISMATCH',
  'RXMESH_SELF_CONNECTION',
];

/** The kind of input, in its first byte. */
const frameToDialer = 0;
const frameToListener = 1;
const helloToListener = 2;
/** Sealed with the right keys: a node info, or a whole introduction. */
const infoToListener = 3;
const introductionToListener = 4;

const beginningA = (): HandshakeStart => new HandshakeStart('encrypted', seeds.a.ephemeral);
const beginningB = (): HandshakeStart => new HandshakeStart('encrypted', seeds.b.ephemeral);
const dialer = (): DialerHandshake =>
  new DialerHandshake({ self: selfA, start: beginningA(), expected: selfB.identity.id });
const listener = (dialerHello: Uint8Array): ListenerHandshake =>
  new ListenerHandshake({ self: selfB, start: beginningB(), dialerHello });

const helloA = beginningA().hello;
const answer = listener(helloA).answer;
const { introduction } = dialer().prove(answer);
const signatureAt = 32;
const nodeInfoAt = 96;

/**
 * The keys and transcript of a dialer without an identity, after it has read the listener's answer,
 * which is a hello and a record.
 */
function dialerKeys(): { cipher: ReturnType<typeof aeadRecords>; transcript: RxmeshTranscript } {
  const listenerHello = answer.slice(0, HELLO_BYTES);
  const dhSecret = platformCrypto
    .x25519(seeds.a.ephemeral)
    .sharedSecret(listenerHello.slice(HELLO_BYTES - 32));
  const transcript = new RxmeshTranscript({ dialerHello: helloA, listenerHello, dhSecret });
  const cipher = aeadRecords(transcript.recordKeys('dialer'));
  const proof = cipher.open(answer.slice(HELLO_BYTES));
  transcript.introduce('listener', proof.slice(0, signatureAt), proof.slice(nodeInfoAt));
  transcript.listenerSigned(proof.slice(signatureAt, nodeInfoAt));
  return { cipher, transcript };
}

/** An introduction from a dialer that signs an arbitrary node info. */
function sealed(nodeInfo: Uint8Array): Uint8Array {
  const { cipher, transcript } = dialerKeys();
  const { publicKey } = selfA.identity;
  const signed = transcript.introduce('dialer', publicKey, nodeInfo);
  return cipher.seal(joined([publicKey, signHandshake(selfA.identity, signed), nodeInfo]));
}

const proofOfA = aeadRecords(
  new RxmeshTranscript({
    dialerHello: helloA,
    listenerHello: answer.slice(0, HELLO_BYTES),
    dhSecret: platformCrypto
      .x25519(seeds.a.ephemeral)
      .sharedSecret(answer.slice(HELLO_BYTES - 32, HELLO_BYTES)),
  }).recordKeys('listener'),
).open(introduction);

function generate(random: Random): Uint8Array {
  const kind = random.below(5);
  if (kind === infoToListener) return joined([[kind], nodeInfoBytes(random)]);
  const valid =
    kind === frameToDialer
      ? answer
      : kind === frameToListener
        ? introduction
        : kind === introductionToListener
          ? proofOfA
          : helloA;
  return joined([[kind], mutate(valid, random, random.pick([answer, introduction, proofOfA]))]);
}

/** Handshake frames from an attacker on the line, and from one who holds the session keys. */
export const handshakes: Target = {
  name: 'handshakes',
  share: 3,
  generate,
  check(input) {
    const kind = (input[0] ?? 0) % 5;
    const bytes = input.slice(1);
    const run = (): AuthenticatedPeer | ListenerHandshake => {
      if (kind === frameToDialer) return dialer().prove(bytes).peer;
      if (kind === frameToListener) return listener(helloA).prove(bytes);
      if (kind === helloToListener) return listener(bytes);
      if (kind === infoToListener) return listener(helloA).prove(sealed(bytes));
      return listener(helloA).prove(dialerKeys().cipher.seal(bytes));
    };
    const proved = attempt(run, codes);
    if ('code' in proved) return `${kind} ${proved.code}`;
    if (kind === infoToListener || kind === helloToListener) return `${kind} value`;
    const valid = [answer, introduction, helloA, introduction, proofOfA][kind] ?? introduction;
    expectThat(Buffer.from(valid).equals(bytes), 'a frame that was changed proves somebody');
    return `${kind} value`;
  },
};
