import { RxmeshError, type ErrorCode } from '../../../lib/model/error.ts';
import type { Link } from '../../../lib/transport/link.ts';
import { SocketPair, type Tamper } from '../../../spec/support/frame-socket-pair.ts';
import {
  type Outcome,
  Recorder,
  seeds,
  selfA,
  selfB,
  shake,
} from '../../../spec/support/secure.ts';
import { expectThat, expectTyped, type Target } from '../target.ts';

/** How a handshake may end while its frames are tampered with. */
const handshakeCodes: readonly ErrorCode[] = [
  'RXMESH_HANDSHAKE_FAILED',
  'RXMESH_CONNECTION_CLOSED',
];
const linkCodes: readonly ErrorCode[] = [
  'RXMESH_PEER_REFUSED',
  'RXMESH_RECORD_INVALID',
  'RXMESH_PROTOCOL_VIOLATION',
  'RXMESH_CONNECTION_CLOSED',
];

/** Reads an input byte by byte, followed by zeros. */
class Script {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): number {
    return this.#bytes[this.#at++] ?? 0;
  }
}

function changed(frame: Uint8Array, at: number, by: number): Uint8Array {
  const copy = frame.slice();
  const place = (at * 251) % Math.max(1, copy.length);
  copy[place] = (copy[place] ?? 0) ^ by;
  return copy;
}

/** An attacker on the line, who does to each frame what the script says, usually nothing. */
function tampering(script: Script): Tamper {
  let held: Uint8Array | undefined;
  return (frame) => {
    const deed = script.next();
    const before = held === undefined ? [] : [held];
    held = undefined;
    if (deed === 1) return [...before, changed(frame, script.next(), 1 << (script.next() % 8))];
    if (deed === 2) return before;
    if (deed === 3) return [...before, frame, frame];
    if (deed === 4) return [...before, frame.slice(0, (script.next() * frame.length) >> 8)];
    if (deed === 5) return [...before, frame, new Uint8Array(script.next())];
    if (deed === 6) return [...before, ...Array<Uint8Array>(40).fill(frame)];
    if (deed === 7) return [...before, new Uint8Array(131_089)];
    if (deed === 8) held = frame;
    // A frame that was held back arrives after this one.
    return deed === 8 ? before : [frame, ...before];
  };
}

/** The messages that each side sends. */
const texts = [1, 2, 3, 4, 5];

/** One side: the outcome of its handshake, and what it receives. */
class Side {
  readonly recorder = new Recorder();
  readonly #outcome: Outcome;
  #link: Link | undefined;

  constructor(outcome: Outcome) {
    this.#outcome = outcome;
  }

  /** Attaches to the link once there is one, and sends every message. */
  speak(): void {
    const { link } = this.#outcome;
    if (link === undefined) return;
    if (this.#link === undefined) {
      this.#link = link;
      link.attach(this.recorder);
      link.accept();
    }
    for (const number of texts) link.data(7, Uint8Array.of(number), 0, 1, true);
    link.flush();
  }

  /** Checks that everything ended exactly once, and that nothing arrived that was not sent. */
  check(): string {
    const { link, error, completed } = this.#outcome;
    expectThat((error === undefined) === completed, 'a handshake with no end, or with two');
    if (link === undefined) {
      expectTyped(error, handshakeCodes);
      return error.code;
    }
    const heard = this.recorder.views.map(([number]) => number);
    const inOrder = heard.every((number, at) => number === texts[at % texts.length]);
    expectThat(inOrder, `messages arrive as ${heard.join(' ')}`);
    if (this.#link === undefined) return 'a link that nobody took';
    expectThat(link.closed, 'a link that stays');
    const ends = this.recorder.heard.filter((text) => text.startsWith('ended'));
    expectThat(ends.length === 1, `it ended ${ends.length} times`);
    if (this.recorder.error !== undefined) expectTyped(this.recorder.error, linkCodes);
    return this.recorder.error?.code ?? 'ended';
  }
}

/** Runs both sides while the dialer's hello may be changed and frames are tampered with. */
function run(script: Script): string {
  const pair = new SocketPair();
  pair.fromDialer = tampering(script);
  pair.fromListener = tampering(script);
  const dialer = new Side(shake(pair.dialer, selfA, { ephemeralSeed: seeds.a.ephemeral }));
  if (script.next() === 9) pair.listener.hello = changed(pair.listener.hello, script.next(), 1);
  const listener = new Side(shake(pair.listener, selfB, { ephemeralSeed: seeds.b.ephemeral }));
  for (let flights = 0; flights < 6; flights += 1) {
    pair.fly();
    dialer.speak();
    if (script.next() !== 10) listener.speak();
  }
  // Cut the line, even if a side has already closed.
  for (const socket of [pair.dialer, pair.listener]) {
    socket.arriveEnd();
    socket.destroy();
    socket.outbox = [];
  }
  return `${dialer.check()}, ${listener.check()}`;
}

/** A whole connection, from the hello to the last record, with an attacker on the line. */
export const connections: Target = {
  name: 'connections',
  share: 2,
  generate: (random) =>
    Uint8Array.from(
      random.list(1, 30, () => (random.once(6) ? random.below(12) : random.once(30) ? 99 : 0)),
    ),
  check(input) {
    try {
      return run(new Script(input));
    } catch (thrown) {
      // By contract, writing to a link never throws errors caused by the other side.
      if (thrown instanceof RxmeshError) throw new Error('an error escapes', { cause: thrown });
      throw thrown;
    }
  },
};
