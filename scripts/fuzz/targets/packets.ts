import { InboundPackets } from '../../../lib/secure/inbound-packets.ts';
import { PacketBatch } from '../../../lib/secure/packet-batch.ts';
import { type PacketHandler, parsePackets } from '../../../lib/secure/packet-parser.ts';
import {
  CHANNEL_MAX,
  CREDIT_MAX,
  MESSAGE_LIMIT_MAX,
  PONG_TIME_MAX,
} from '../../../lib/secure/packets.ts';
import { plainRecords } from '../../../lib/secure/records.ts';
import type { ByeReason, LinkReceiver } from '../../../lib/transport/link.ts';
import { record } from '../packet-bytes.ts';
import { expectThat, type Target } from '../target.ts';

/** Checks the ranges of each packet, and encodes it again. */
class Writer implements PacketHandler {
  stopped = false;
  calls = 0;
  readonly batch = new PacketBatch();

  data(channel: number, bytes: Uint8Array, last: boolean): void {
    this.#heard(channel);
    expectThat(bytes.length > 0 || last, 'an empty piece that is not the last');
    this.batch.data(channel, bytes, 0, bytes.length, last);
  }

  credit(channel: number, messages: number, bytes: number): void {
    this.#heard(channel, messages, bytes);
    this.batch.credit(channel, messages, bytes);
  }

  messageLimit(channel: number, bytes: number): void {
    this.#heard(channel);
    expectThat(bytes >= 1 && bytes <= MESSAGE_LIMIT_MAX, `a limit of ${bytes}`);
    this.batch.messageLimit(channel, bytes);
  }

  channelClosed(channel: number): void {
    this.#heard(channel);
    this.batch.channelClosed(channel);
  }

  accept(): void {
    this.#heard(0);
    this.batch.accept();
  }

  ping(): void {
    this.#heard(0);
    this.batch.ping();
  }

  pong(readAtMs: number): void {
    this.#heard(0);
    expectThat(readAtMs >= 0 && readAtMs <= PONG_TIME_MAX / 1_000, `a time of ${readAtMs}`);
    this.batch.pong(readAtMs);
  }

  bye(reason: ByeReason, text: string): void {
    this.#heard(0);
    this.stopped = true;
    this.batch.bye(reason, text);
  }

  #heard(channel: number, ...amounts: readonly number[]): void {
    expectThat(!this.stopped, 'a packet behind the end');
    this.calls += 1;
    const isChannel = Number.isInteger(channel) && channel >= 0 && channel <= CHANNEL_MAX;
    expectThat(isChannel, `a channel ${channel}`);
    for (const amount of amounts) {
      const isAmount = Number.isInteger(amount) && amount >= 0 && amount <= CREDIT_MAX;
      expectThat(isAmount, `a credit of ${amount}`);
    }
  }
}

/** Checks the order of packets: at most one accept, and data only after it. */
function checkOrder(input: Uint8Array): void {
  let [accepts, violations] = [0, 0];
  const end = {
    violated: (): void => {
      violations += 1;
      inbound.stopped = true;
    },
    bye: (): void => {
      inbound.stopped = true;
    },
  };
  const inbound = new InboundPackets(end);
  const ignore = (): void => expectThat(!inbound.stopped, 'a packet behind the end');
  const receiver: LinkReceiver = {
    data: () => expectThat(accepts === 1, 'data in front of the accept'),
    credit: ignore,
    messageLimit: ignore,
    channelClosed: ignore,
    accepted: () => {
      accepts += 1;
    },
    ping: ignore,
    pong: ignore,
    drained: ignore,
    recordEnd: ignore,
    ended: ignore,
  };
  inbound.receiver = receiver;
  parsePackets(input, inbound);
  expectThat(accepts <= 1 && violations <= 1, `${accepts} accepts, ${violations} violations`);
}

/** The packets of one opened record. Parsed packets must encode to the same bytes. */
export const packets: Target = {
  name: 'packets',
  share: 20,
  generate: record,
  check(input) {
    const writer = new Writer();
    const fault = parsePackets(input, writer);
    expectThat(writer.calls <= input.length, `${writer.calls} packets`);
    const { length } = writer.batch;
    const written = length === 0 ? new Uint8Array(0) : writer.batch.seal(plainRecords);
    const isWhole = fault === undefined && !writer.stopped;
    expectThat(isWhole ? length === input.length : length <= input.length, `${length} bytes read`);
    const isSame = written.every((byte, at) => byte === input[at]);
    expectThat(isSame, 'what was read is written as something else');
    checkOrder(input);
    return fault ?? (writer.stopped ? 'bye' : 'value');
  },
};
