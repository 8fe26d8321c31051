import { describe, expect, it } from '@jest/globals';
import { Identity } from 'rxmesh';
import { checkedOptions } from '../../lib/router/options.ts';
import { checkPeerOptions } from '../../lib/peers/options.ts';
import { MockTransport } from '../support/mock-transport.ts';
import { codesIn, rowsOf, sources } from './documents.ts';
import { constantsOf, valueOf } from './constants.ts';

const page = 'docs/limits.md';

/** One bound of the page, and a constant that it has to agree with. */
interface Bound {
  readonly what: string;
  readonly figure: string;
  readonly file: string;
  readonly constant: string;
}

const bounds: readonly Bound[] = rowsOf(page).flatMap(
  ([what = '', figure = '', , , source = '']) => {
    const codes = codesIn(source);
    return codes
      .filter((_, i) => i % 2 === 0)
      .map((file, i) => ({ what, figure, file, constant: codes[2 * i + 1] ?? '' }));
  },
);

const units: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
};

/** The number in a cell: in bytes, milliseconds, or pieces. */
function numberIn(figure: string): number {
  const [, digits = '', power = '1', less, unit = ''] =
    /^([\d,]+)(?:\^(\d+))?( - 1)?(?: ([a-zA-Z]+))?$/.exec(figure) ?? [];
  const base = Number(digits.replaceAll(',', '') || NaN);
  return (base ** Number(power) - (less === undefined ? 0 : 1)) * (units[unit] ?? 1);
}

describe('docs/limits.md', () => {
  it('has rows', () => {
    expect(bounds.length).toBeGreaterThan(50);
  });

  it.each(bounds)('$what: $figure, as $constant in $file', ({ figure, file, constant }) => {
    expect(numberIn(figure)).toBe(valueOf(file, constant));
  });

  it('has every constant of the sources that is a bound', () => {
    const documented = new Set(bounds.map(({ file, constant }) => `${file} ${constant}`));
    const found = sources
      // What the inspector's page keeps in a browser is not a bound of a node.
      .filter((file) => !file.startsWith('lib/inspect/page/'))
      .flatMap((file) => constantsOf(file).map((name) => `${file} ${name}`))
      .filter((constant) => /(?:Max|MAX|Ms)$/.test(constant));
    expect(found.filter((each) => !documented.has(each) && !noBounds.has(each))).toEqual([]);
  });

  it('has every limit and time that is an option', async () => {
    const identity = await Identity.generate();
    const { timeouts, limits, keepAlive } = checkedOptions({
      identity,
      network: 'n',
      transports: [new MockTransport()],
    });
    const checked = checkPeerOptions(identity.id, {}, []);
    const noLimits = ['persistent', 'addresses', 'unconditional', 'private', 'rank'];
    const peers = Object.keys(checked).filter((name) => !noLimits.includes(name));
    const names = [
      ...Object.keys(timeouts).map((name) => `timeouts.${name}`),
      ...Object.keys(limits).map((name) => `limits.${name}`),
      ...Object.keys(keepAlive).map((name) => `keepAlive.${name}`),
      ...peers,
    ];
    const options = new Set(
      rowsOf(page).flatMap(([, , option = '']) => codesIn(option).slice(0, 1)),
    );
    expect(names.filter((name) => !options.has(name))).toEqual([]);
  });
});

/**
 * Sizes of packets, which follow from their form; where a copy is quicker byte by byte; a guess at
 * the size of a message; how many of the ready lanes' queues are begun before the rest goes into a
 * heap; and how far RxJS's time may be from the date before it counts as virtual.
 */
const noBounds = new Set([
  'lib/session/control.ts controlBytesMax',
  'lib/secure/packets.ts BYE_BYTES_MAX',
  'lib/secure/packets.ts CONTROL_BYTES_MAX',
  'lib/secure/packets.ts DATA_HEADER_BYTES_MAX',
  'lib/secure/packet-batch.ts BYTEWISE_BYTES_MAX',
  'lib/codec/message-slab.ts expectedBytesMax',
  'lib/session/ready-queue.ts runsMax',
  'transports/comet/packet-reader.ts varintBytesMax',
  'lib/gossip/preimage.ts varintBytesMax',
  'lib/gossip/preimage.ts fieldsMax',
  'lib/flow/clock.ts sameDateMs',
  'lib/model/nearest.ts lengthMax',
]);
