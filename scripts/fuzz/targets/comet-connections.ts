import { platformCrypto } from '#platform/crypto';
import { cometSecrets } from '../../../lib/secure/key-schedule.ts';
import { aeadRecords, type RecordCipher } from '../../../lib/secure/records.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import { TestSocket } from '../../../spec/support/frame-socket-pair.ts';
import { seeds } from '../../../spec/support/secure.ts';
import { type Outcome, selfA, selfB } from '../../../spec/transports/comet/support.ts';
import { CometConnection } from '../../../transports/comet/comet-connection.ts';
import { limitsOf } from '../../../transports/comet/options.ts';
import { OpenRecords, RecordReader } from '../../../transports/comet/records.ts';
import { SecretHandshake } from '../../../transports/comet/secret-handshake.ts';
import { joined } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import { expectThat, expectTyped, type Target } from '../target.ts';
import { handshakeCodes, linkCodes, messageBytesMax, packetOf, Picky, tampered } from './comet.ts';

const endsOfHandshakes = [...handshakeCodes, 'RXMESH_CONNECTION_CLOSED'] as const;

/** A dialer with fixed keys, as a listener with fixed keys meets it. */
interface Dialer {
  readonly first: Uint8Array;
  /** Its proof and its node info, before they are sealed. */
  readonly proofs: Uint8Array;
  /** The cipher of either side, from its first record on. */
  readonly cipher: (side: 'dialer' | 'listener') => RecordCipher;
}

function dialerOf(): Dialer {
  const make = (direction: 'inbound' | 'outbound', side: 'a' | 'b'): SecretHandshake =>
    new SecretHandshake({
      self: side === 'a' ? selfA : selfB,
      direction,
      ephemeralSeed: seeds[side].ephemeral,
    });
  const [dialer, listener] = [make('outbound', 'a'), make('inbound', 'b')];
  const keys = [seeds.a, seeds.b].map(({ ephemeral }) => platformCrypto.x25519(ephemeral));
  const cipher = (side: 'dialer' | 'listener'): RecordCipher => {
    const [own, other] = side === 'dialer' ? keys : keys.toReversed();
    if (own === undefined || other === undefined) throw new TypeError('no keys');
    const secret = own.sharedSecret(other.publicKey);
    return aeadRecords(
      cometSecrets(own.publicKey, other.publicKey, secret),
      Number.MAX_SAFE_INTEGER,
      Infinity,
    );
  };
  const { send: proof = new Uint8Array(0) } = listener.take(dialer.first);
  const { send = new Uint8Array(0) } = dialer.take(joined([listener.first, proof]));
  const proofs = new RecordReader(cipher('listener')).read(send);
  return { first: dialer.first, proofs, cipher };
}

let known: Dialer | undefined;

/** What a connection is made of, under one roof. */
class Listener {
  readonly socket: TestSocket = new TestSocket('inbound');
  readonly clock: VirtualClock = new VirtualClock();
  readonly receiver: Picky = new Picky();
  readonly outcome: Outcome = {};

  constructor() {
    const connection = new CometConnection(this.socket, {
      limits: limitsOf({ messageBytesMax, flushMs: 0 }),
      clock: this.clock,
      announced: () => ({ p2pVersion: 8, endpoints: [] }),
      ephemeralSeed: seeds.b.ephemeral,
    });
    connection.handshake(selfB).subscribe({
      next: (link) => {
        this.outcome.link = link;
        link.attach(this.receiver);
        link.accept();
        link.flush();
      },
      error: (error: unknown) => (this.outcome.error = error),
    });
  }

  /** The other side closes, and a paused link goes on. Returns how it all ended. */
  end(): string {
    const { link } = this.outcome;
    this.receiver.isFull = false;
    this.clock.advance(20_000);
    link?.pause(false);
    this.socket.arriveEnd();
    expectThat(this.socket.state !== 'open', 'a socket that stays');
    expectThat(this.clock.dueTimesMs.length === 0, 'a timer that stays');
    if (link === undefined) {
      expectTyped(this.outcome.error, endsOfHandshakes);
      return `handshake ${this.outcome.error.code}`;
    }
    const ends = this.receiver.heard.filter((text) => text.startsWith('ended'));
    expectThat(ends.length === 1, `it ended ${ends.length} times`);
    expectTyped(this.receiver.error, linkCodes);
    return this.receiver.error.code;
  }
}

/**
 * A whole connection at its listener, from the first record to its end: the proof, the node info
 * and the packets of a dialer, changed before they are sealed. An input is one byte for what
 * happens on the line, and then the stream.
 */
export const cometConnections: Target = {
  name: 'comet-connections',
  share: 2,
  generate(random) {
    const { proofs } = (known ??= dialerOf());
    const packets = joined(random.list(0, 4, () => packetOf(random)));
    const deed = random.once(3) ? random.below(256) : 0;
    const stream = random.once(2)
      ? joined([mutate(proofs, random), packets])
      : joined([proofs, mutate(packets, random)]);
    return joined([[deed], stream]);
  },
  check(input) {
    const { first, cipher } = (known ??= dialerOf());
    const [deed = 0] = input;
    const listener = new Listener();
    listener.socket.arrive(first);
    listener.receiver.isFull = deed % 3 === 1;
    const sealing = cipher('dialer');
    const records = new OpenRecords();
    for (let at = 1; at < input.length; at += records.free) {
      records.write(input, at, Math.min(input.length, at + records.free));
      for (const piece of tampered(records.seal(sealing), deed)) listener.socket.arrive(piece);
    }
    return listener.end();
  },
};
