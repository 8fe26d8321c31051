import type { Channel } from '../../../lib/channel/channel.ts';
import { json } from '../../../lib/codec/json.ts';
import { protobuf } from '../../../lib/codec/protobuf.ts';
import { raw } from '../../../lib/codec/raw.ts';
import { block, dropOldest, fail } from '../../../lib/flow/strategy.ts';
import type { ErrorCode } from '../../../lib/model/error.ts';
import type { RxmeshError } from '../../../lib/model/error.ts';
import { aeadRecords } from '../../../lib/secure/records.ts';
import { SecureLink } from '../../../lib/secure/secure-link.ts';
import type { Session } from '../../../lib/session/session.ts';
import { TestSocket } from '../../../spec/support/frame-socket-pair.ts';
import { idOf, LinkedNode } from '../../../spec/support/linked-node.ts';
import { selfB } from '../../../spec/support/secure.ts';
import { joined } from '../bytes.ts';
import { politeRecord, record } from '../packet-bytes.ts';
import { SessionLedger } from '../session-ledger.ts';
import { expectThat, expectTyped, type Target } from '../target.ts';
import { leaf } from './protobuf.ts';

const keys = {
  sendKey: new Uint8Array(32).fill(0x33),
  receiveKey: new Uint8Array(32).fill(0x44),
};
const peerKeys = { sendKey: keys.receiveKey, receiveKey: keys.sendKey };
const id = idOf(1);

/** How a session may end when its peer can send anything. */
const ends: readonly ErrorCode[] = [
  'RXMESH_PROTOCOL_VIOLATION',
  'RXMESH_CREDIT_EXCEEDED',
  'RXMESH_RECORD_INVALID',
  'RXMESH_OVERFLOW',
  'RXMESH_PEER_EVICTED',
  'RXMESH_PEER_REFUSED',
  'RXMESH_PEERS_FULL',
  'RXMESH_DUPLICATE_CONNECTION',
  'RXMESH_INCOMPATIBLE',
  'RXMESH_CONNECTION_CLOSED',
  'RXMESH_PEER_TIMEOUT',
];

/** Encodes a record as part of an input. */
const recordBytes = (deed: number, plaintext: Uint8Array): Uint8Array =>
  joined([[deed, plaintext.length >>> 8, plaintext.length & 0xff], plaintext]);

/** The peer accepts, and grants credit on all channels. */
const acceptRecord = recordBytes(
  2,
  Uint8Array.of(4, ...[7, 8, 9, 10].flatMap((channel) => [2, channel, 9, 90])),
);

/** Slack for one message in a lane: larger than any message in an input. */
const messageBytesMax = 20_000;

/** A node with various channels, and a link to a peer that holds the record keys. */
class Victim {
  readonly #node = new LinkedNode(0, undefined, undefined, { intervalMs: 10_000 });
  readonly #socket = new TestSocket('inbound');
  readonly #peer = aeadRecords(peerKeys);
  readonly #link: SecureLink;
  readonly #session: Session;
  #seven: Channel<unknown>;
  #ended = 0;
  error: RxmeshError | undefined;
  #records = 0;
  #answers = 0;
  #waits = 0;
  readonly #ledger = new SessionLedger();

  constructor() {
    const { channels } = this.#node;
    this.#seven = this.#openSeven();
    channels.open({
      id: 8,
      codec: protobuf<object>(leaf, { elementsMax: 20 }),
      inbound: dropOldest(2, { bytes: 50 }),
      messageBytesMax: 9,
    });
    channels.open({ id: 9, codec: json<unknown>(), inbound: fail(4) }).in$.subscribe();
    const echo = channels.open({ id: 10, codec: raw() });
    echo.in$.subscribe(({ from, message }) => echo.out.next({ to: from, message }));
    const { identity, nodeInfo } = selfB;
    const { publicKey } = identity;
    const cipher = aeadRecords(keys);
    this.#link = new SecureLink(this.#socket, { publicKey, nodeInfo, cipher });
    this.#session = this.#node.connect(this.#link, id);
    this.#session.ended$.subscribe((error) => {
      this.#ended += 1;
      this.error = error;
    });
    this.#answered();
  }

  #openSeven(): Channel<unknown> {
    const inbound = block(3, { bytes: 500 });
    return this.#node.channels.open({ id: 7, codec: json<unknown>(), inbound });
  }

  /** Receives a record. `deed` chooses what this side does afterwards. */
  arrive(plaintext: Uint8Array, deed: number): void {
    this.#records += 1;
    this.#ledger.peerSent(plaintext);
    this.#link.receive(this.#peer.seal(plaintext));
    if (deed % 8 === 1) this.#seven.out.next({ broadcast: true, message: 'x' });
    if (deed % 8 === 2) this.#turn();
    if (deed % 8 === 3) {
      this.#seven.close();
      this.#seven = this.#openSeven();
    }
    if (deed % 8 === 4) {
      this.#waits += 1;
      this.#node.clock.advance(11_000);
    }
    if (deed % 8 === 5) this.#seven.in$.subscribe().unsubscribe();
    this.#checkLanes();
    this.#answered();
  }

  #checkLanes(): void {
    for (const { inbound } of this.#session.snapshot()) {
      const { depth, depthBytes, capacity, capacityBytes } = inbound;
      // One message may exceed the byte limit.
      const isHeld = depth <= capacity && depthBytes < capacityBytes + messageBytesMax;
      expectThat(isHeld, `${depth} messages, ${depthBytes} bytes in a lane of ${capacity}`);
    }
  }

  /** Checks that this side writes only valid records, and not many more than it has read. */
  #answered(): void {
    for (const sealed of this.#socket.outbox.splice(0)) {
      this.#answers += 1;
      this.#ledger.weSent(this.#peer.open(sealed));
    }
    this.#socket.sent.length = 0;
    expectThat(this.#answers <= 4 * this.#records + 8, `${this.#answers} records in answer`);
    // The allowance for pings: a thousand initially and after each wait, plus those that traffic
    // earns.
    const { pongs, traffic } = this.#ledger;
    const pongsMax = 1_024 * (1 + this.#waits) + traffic + this.#records + 10;
    expectThat(pongs <= pongsMax, `${pongs} pongs`);
  }

  /**
   * Flushes all granted credit. A peer that has sent more than that must have been disconnected.
   */
  #turn(): void {
    this.#node.turn();
    this.#answered();
    const { overdrawn } = this.#ledger;
    const isHeld = overdrawn.length === 0 || this.#session.over;
    expectThat(isHeld, `more than was granted arrives on channel ${overdrawn.join(', ')}`);
  }

  /** Checks the reason, if the session has ended. */
  #checkEnd(): void {
    if (this.error === undefined) return;
    expectTyped(this.error, ends);
    const { code, channel } = this.error;
    const isExceeded = code === 'RXMESH_CREDIT_EXCEEDED';
    expectThat(!isExceeded || this.#ledger.isOverdrawn, `${code}, though there was credit`);
    // The other lanes apply backpressure or drop messages.
    expectThat(code !== 'RXMESH_OVERFLOW' || channel === 9, `${code} on channel ${channel ?? 0}`);
  }

  /** Cuts the line, and checks that nothing is left over. */
  end(): void {
    this.#turn();
    this.#checkEnd();
    this.#link.socketEnded();
    this.#node.turn();
    expectThat(this.#ended === 1, `it ended ${this.#ended} times`);
    this.#node.channels.close();
    this.#node.turn();
    const left = this.#node.clock.dueTimesMs;
    expectThat(left.length === 0, `timers are left: ${left.join(', ')}`);
    const failures = this.#node.events.filter(({ type }) => type === 'fatal');
    expectThat(failures.length === 0, `${failures.length} fatal events`);
  }
}

/**
 * A whole session (link, credit, lanes, channels and codecs) with a malicious peer that holds the
 * keys. An input is a sequence of records: one byte for what this side does afterwards, two for the
 * length, then the plaintext.
 */
export const sessions: Target = {
  name: 'sessions',
  share: 10,
  generate(random) {
    const begins = random.once(12) ? [] : [acceptRecord];
    // The first fault ends a session, so most records are valid, to reach deeper states.
    const rest = random.list(1, 12, () => {
      const plaintext = random.once(10) ? record(random) : politeRecord(random);
      return recordBytes(random.below(8), plaintext.subarray(0, 0xffff));
    });
    return joined([...begins, ...rest]);
  },
  check(input) {
    const victim = new Victim();
    for (let at = 0; at < input.length;) {
      const [deed = 0, high = 0, low = 0] = input.subarray(at, at + 3);
      const end = at + 3 + high * 256 + low;
      victim.arrive(input.slice(at + 3, end), deed);
      at = end;
    }
    const { error } = victim;
    victim.end();
    return error?.code ?? 'value';
  },
};
