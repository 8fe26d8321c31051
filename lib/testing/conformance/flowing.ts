import { check, checkSame } from './check.ts';
import type { LinkEnd } from './link-end.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** The most full-size records that a stalled reader may let through, including kernel buffers. */
const stalledRecordsMax = 2_048;
/** How many records a medium must keep that cannot hold a writer back. */
const keptRecords = 64;

/** The most messages, and the most bytes, that a single credit can grant. */
const creditMax = 2 ** 31 - 1;

/** Requirements for links under load. */
export const flowingScenarios: readonly Scenario[] = [
  {
    name: 'FLOW-1 many messages arrive once each and in order, both ways at once',
    play: async (stage) => {
      const [a, b] = await stage.link();
      await Promise.all([checkStream(stage, a, b), checkStream(stage, b, a)]);
    },
  },
  {
    name: 'FLOW-2 a message of several pieces arrives whole, with those of other channels between',
    play: async (stage) => {
      const [a, b] = await stage.link();
      const large = Uint8Array.from({ length: 3 * a.link.fragmentBytesMax + 1 }, (_, i) => i % 251);
      const half = a.link.fragmentBytesMax;
      a.link.flush();
      a.link.data(0x11, large, 0, Math.min(half, a.link.room), false);
      const written = half;
      a.link.flush();
      a.send(0x22, new Uint8Array([9]));
      a.send(0x11, large.subarray(written));
      a.link.flush();
      await stage.until(() => b.messages.length === 2, 'both messages should arrive');
      checkSame(
        b.messages[0],
        { channel: 0x22, bytes: Uint8Array.of(9) },
        'the message that is done first',
      );
      const whole = b.messages[1]?.bytes ?? new Uint8Array(0);
      checkSame(whole.length, large.length, 'the length of the large message');
      check(
        whole.every((byte, i) => byte === large[i]),
        'the large message should arrive unchanged',
      );
    },
  },
  {
    name: 'FLOW-3 a reader that stalls makes the writer unwritable; when it goes on, nothing is lost',
    play: checkStall,
  },
  {
    name: 'FLOW-4 credit arrives as it was given, or as 2^31 - 1 when it was more',
    play: async (stage) => {
      const [a, b] = await stage.link();
      if (!a.link.hasCredit) return;
      const given = [
        { channel: 0x11, messages: 0, bytes: 0 },
        { channel: 0x11, messages: 64, bytes: 4_194_304 },
        { channel: 0, messages: 1, bytes: 0 },
        { channel: 0xffff, messages: 0, bytes: 1 },
        { channel: 0xffff, messages: creditMax, bytes: creditMax },
      ];
      for (const { channel, messages, bytes } of given) a.link.credit(channel, messages, bytes);
      a.link.credit(0x22, creditMax + 1, 2 * creditMax);
      a.link.flush();
      await stage.until(() => b.credits.length > given.length, 'all credit should arrive');
      const most = { channel: 0x22, messages: creditMax, bytes: creditMax };
      checkSame(b.credits, [...given, most], 'the credit that arrived');
    },
  },
];

async function checkStall(stage: Stage): Promise<void> {
  const [a, b] = await stage.link();
  const { link } = a;
  b.link.pause(true);
  let sent = 0;
  const most = stage.holdsBack ? stalledRecordsMax : keptRecords;
  while (sent < most && (await staysWritable(stage, a))) {
    const bytes = new Uint8Array(link.fragmentBytesMax);
    new DataView(bytes.buffer).setUint32(0, sent);
    a.send(0x11, bytes);
    link.flush();
    sent += 1;
  }
  check(
    sent < most || !stage.holdsBack,
    `writable should be false before ${stalledRecordsMax} records wait`,
  );
  const drains = a.drains;
  b.link.pause(false);
  await stage.until(() => b.messages.length === sent, `all ${sent} messages should arrive`);
  await stage.until(
    () => link.writable && (a.drains > drains || !stage.holdsBack),
    'drained should be called, once it can write',
  );
  checkSame(
    b.messages.map(({ bytes }) => numberOf(bytes)),
    range(sent),
    'the order of arrival',
  );
}

/** Whether the link can write now or soon: the stalled reader takes a moment to have an effect. */
async function staysWritable(stage: Stage, { link }: LinkEnd): Promise<boolean> {
  for (let tries = 0; tries < 20 && !link.writable; tries += 1) await stage.pass(5);
  return link.writable;
}

/**
 * Sends 3,000 messages of 4 to 2,052 bytes, with a flush every few of them, and checks what
 * arrives.
 */
async function checkStream(stage: Stage, from: LinkEnd, to: LinkEnd): Promise<void> {
  const count = 3_000;
  for (let i = 0; i < count; i += 1) {
    if (!from.link.writable) {
      await stage.until(() => from.link.writable, 'writable should become true again');
    }
    const bytes = new Uint8Array(4 + ((i * 37) % 2_049));
    new DataView(bytes.buffer).setUint32(0, i);
    from.send(0x11, bytes);
    if (i % 7 === 0) from.link.flush();
  }
  from.link.flush();
  await stage.until(() => to.messages.length >= count, `all ${count} messages should arrive`);
  checkSame(
    to.messages.map(({ bytes }) => numberOf(bytes)),
    range(count),
    'the order of arrival',
  );
  const lengths = to.messages.map(({ bytes }) => bytes.length);
  check(
    lengths.every((length, i) => length === 4 + ((i * 37) % 2_049)),
    'lengths should be kept',
  );
}

function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
