import type { ErrorCode } from '../../../lib/model/error.ts';
import { aeadRecords } from '../../../lib/secure/records.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import { TestSocket } from '../../../spec/support/frame-socket-pair.ts';
import { Recorder, seeds } from '../../../spec/support/secure.ts';
import { messagePacket, selfA, selfB } from '../../../spec/transports/comet/support.ts';
import { CometLink } from '../../../transports/comet/comet-link.ts';
import { limitsOf } from '../../../transports/comet/options.ts';
import { OpenRecords, RecordReader } from '../../../transports/comet/records.ts';
import { SecretHandshake } from '../../../transports/comet/secret-handshake.ts';
import { joined } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import { attempt, expectThat, expectTyped, type Target } from '../target.ts';

const keys = {
  sendKey: new Uint8Array(32).fill(0x33),
  receiveKey: new Uint8Array(32).fill(0x44),
};
/** The longest message. */
export const messageBytesMax = 3_000;
/** How a link may end. */
export const linkCodes: readonly ErrorCode[] = [
  'RXMESH_PEER_REFUSED',
  'RXMESH_RECORD_INVALID',
  'RXMESH_PROTOCOL_VIOLATION',
  'RXMESH_CONNECTION_CLOSED',
];
/** How a handshake may end. */
export const handshakeCodes: readonly ErrorCode[] = [
  'RXMESH_HANDSHAKE_FAILED',
  'RXMESH_IDENTITY_MISMATCH',
  'RXMESH_SELF_CONNECTION',
  'RXMESH_RECORD_INVALID',
  'RXMESH_PROTOCOL_VIOLATION',
];

/** Does not take a message on channel 0x20 while it is full. */
export class Picky extends Recorder {
  isFull = false;
  #bytes = new Map<number, number>();

  takes(channel: number): boolean {
    expectThat(!this.#bytes.has(channel), 'it asks within a message');
    return channel !== 0x20 || !this.isFull;
  }

  override data(channel: number, bytes: Uint8Array, last: boolean): void {
    expectThat(this.error === undefined, 'a packet behind the end');
    expectThat([0, 0x20, 0x22].includes(channel), `channel ${channel}`);
    expectThat(bytes.length > 0 || last, 'an empty piece that is not the last');
    const length = (this.#bytes.get(channel) ?? 0) + bytes.length;
    expectThat(length <= messageBytesMax, `a message of ${length} bytes`);
    if (last) this.#bytes.delete(channel);
    else this.#bytes.set(channel, length);
    this.heard.push('data');
  }
}

/** What a peer writes into the stream. */
export function packetOf(random: Random): Uint8Array {
  const kind = random.below(8);
  if (kind === 0) return Uint8Array.of(2, 0x0a, 0);
  if (kind === 1) return Uint8Array.of(2, 0x12, 0);
  const length = random.once(4) ? random.below(1_025) : random.below(9);
  const channel = random.once(20) ? random.below(300) : random.pick([0, 0x20, 0x22]);
  return messagePacket(channel, random.bytes(length), !random.once(3));
}

/** What an attacker on the line does to the sealed records, by the first byte of an input. */
export function tampered(records: Uint8Array, deed: number): readonly Uint8Array[] {
  switch (deed % 16) {
    case 1:
      return [records.map((byte, at) => byte ^ +(at === deed * 7))];
    case 2:
      return [records, records];
    case 3:
      return [records.slice(0, records.length - deed)];
    case 4:
      return [records.subarray(1_044), records.subarray(0, 1_044)];
    case 5:
    case 6:
      return Array.from({ length: Math.ceil(records.length / 97) }, (_, at) =>
        records.slice(at * 97, at * 97 + 97),
      );
    default:
      return [records];
  }
}

/**
 * The packets of a stream, and the records that carry it. An input is one byte for what happens on
 * the line and at the receiver, and then the stream.
 */
export const cometStreams: Target = {
  name: 'comet-streams',
  share: 10,
  generate(random) {
    const stream = joined(random.list(1, 8, () => packetOf(random)));
    const deed = random.once(3) ? random.below(256) : 0;
    return joined([[deed], random.once(2) ? stream : mutate(stream, random)]);
  },
  check(input) {
    const [deed = 0] = input;
    const [socket, clock, receiver] = [new TestSocket('inbound'), new VirtualClock(), new Picky()];
    const cipher = aeadRecords(keys, Number.MAX_SAFE_INTEGER, Infinity);
    const peerKeys = { sendKey: keys.receiveKey, receiveKey: keys.sendKey };
    const theirs = aeadRecords(peerKeys, Number.MAX_SAFE_INTEGER, Infinity);
    const { publicKey } = selfA.identity;
    const reader = new RecordReader(cipher);
    const { nodeInfo } = selfA;
    const peer = { publicKey, nodeInfo, cipher, reader, rest: new Uint8Array(0) };
    const limits = limitsOf({ messageBytesMax, flushMs: 0 });
    const { channels } = nodeInfo;
    const link = new CometLink({ socket, peer, channels, limits, clock });
    link.attach(receiver);
    link.accept();
    link.flush();
    receiver.isFull = deed % 3 === 1;
    const records = new OpenRecords();
    for (let at = 1; at < input.length; at += records.free) {
      records.write(input, at, Math.min(input.length, at + records.free));
      for (const piece of tampered(records.seal(theirs), deed)) link.receive(piece);
    }
    receiver.isFull = false;
    clock.advance(20_000);
    link.pause(false);
    link.socketEnded();
    const ends = receiver.heard.filter((text) => text.startsWith('ended'));
    expectThat(ends.length === 1, `it ended ${ends.length} times`);
    expectThat(socket.state !== 'open', 'a socket that stays');
    expectThat(clock.dueTimesMs.length === 0, 'a timer that stays');
    expectTyped(receiver.error, linkCodes);
    return receiver.error.code;
  },
};

/** All that a dialer writes in a handshake, as far as it does not depend on the listener. */
function dialed(): { readonly key: Uint8Array; readonly proofs: Uint8Array } {
  const make = (direction: 'inbound' | 'outbound', side: 'a' | 'b'): SecretHandshake =>
    new SecretHandshake({
      self: side === 'a' ? selfA : selfB,
      direction,
      ephemeralSeed: seeds[side].ephemeral,
    });
  const [dialer, listener] = [make('outbound', 'a'), make('inbound', 'b')];
  const { send: proof = new Uint8Array(0) } = listener.take(dialer.first);
  const { send: proofs = new Uint8Array(0) } = dialer.take(joined([listener.first, proof]));
  return { key: dialer.first, proofs };
}

let written: ReturnType<typeof dialed> | undefined;

/** Everything a listener reads before there is a link. */
export const cometHandshakes: Target = {
  name: 'comet-handshakes',
  share: 1,
  generate(random) {
    const { key, proofs } = (written ??= dialed());
    return joined([[random.below(256)], mutate(joined([key, proofs]), random)]);
  },
  check(input) {
    const [step = 0] = input;
    const ephemeralSeed = seeds.b.ephemeral;
    const listener = new SecretHandshake({ self: selfB, direction: 'inbound', ephemeralSeed });
    const outcome = attempt(() => {
      for (let at = 1; at < input.length; at += 1 + step * 16) {
        const { peer } = listener.take(input.subarray(at, at + 1 + step * 16));
        if (peer !== undefined) return 'value';
      }
      return 'waits';
    }, handshakeCodes);
    return 'code' in outcome ? outcome.code : outcome.value;
  },
};
