import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { formatNodeAddress } from '../../../lib/model/address.ts';
import { decodeBan, decodePeer, encodeBan, encodePeer } from '../../../lib/peers/store/records.ts';
import type { SavedPeer } from '../../../lib/peers/store/saved-peer.ts';
import { at, id } from '../fixture.ts';

const none = { value: 0, agoMs: 0 };

const peer: SavedPeer = {
  id: id('a'),
  addresses: [
    {
      address: at('a', 'x'),
      origin: 'heard',
      failures: 3,
      failingForMs: 7_000,
      blame: { value: 2.5, agoMs: 10 },
    },
    { address: at('a', 'y'), origin: 'announced', failures: 0, failingForMs: 0, blame: none },
    { address: at('a', 'z'), origin: 'named', failures: 0, failingForMs: 0, blame: none },
  ],
  behaviour: { value: -12.25, agoMs: 300 },
  lastDial: { agoMs: 400, isGood: true },
  upAgoMs: 0,
  toldBy: '203.0.113.0/24',
  wasReached: true,
};

/** The messages of docs/peers.md, as an independent reader would declare them. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Peer {
    uint64 saved_at_ms = 1;
    repeated Address addresses = 2;
    Amount behaviour = 3;
    Dial last_dial = 4;
    optional uint64 up_ago_ms = 5;
    optional string told_by = 6;
    uint64 was_reached = 7;
  }
  message Address { string address = 1; uint64 failures = 2; uint64 failing_for_ms = 3; Amount blame = 4; uint64 origin = 5; }
  message Amount { double value = 1; uint64 ago_ms = 2; }
  message Dial { uint64 ago_ms = 1; uint64 is_good = 2; }
  message Ban { uint64 saved_at_ms = 1; uint64 for_ms = 2; }
`);

describe('the records of the peer store', () => {
  it('encode a ban as these bytes', () => {
    const bytes = encodeBan({ savedAtMs: 300, saved: 5 });
    expect([...bytes]).toEqual([0x08, 0xac, 0x02, 0x10, 0x05]);
    expect(decodeBan(bytes)).toEqual({ savedAtMs: 300, saved: 5 });
  });

  it('encode the least of a peer as these bytes', () => {
    const saved = {
      id: id('a'),
      addresses: [],
      behaviour: none,
      lastDial: undefined,
      toldBy: undefined,
      wasReached: false,
    };
    const bytes = encodePeer({ savedAtMs: 1, saved: { ...saved, upAgoMs: undefined } });
    expect([...bytes]).toEqual([0x08, 0x01]);
  });

  it('are read by another implementation of protobuf', () => {
    const bytes = encodePeer({ savedAtMs: 1_700_000_000_000, saved: peer });
    const type = root.lookupType('Peer');
    expect(type.toObject(type.decode(bytes), { longs: Number })).toEqual({
      savedAtMs: 1_700_000_000_000,
      addresses: [
        {
          address: formatNodeAddress(at('a', 'x')),
          failures: 3,
          failingForMs: 7_000,
          blame: { value: 2.5, agoMs: 10 },
        },
        { address: formatNodeAddress(at('a', 'y')), origin: 1 },
        { address: formatNodeAddress(at('a', 'z')), origin: 2 },
      ],
      behaviour: { value: -12.25, agoMs: 300 },
      lastDial: { agoMs: 400, isGood: 1 },
      upAgoMs: 0,
      toldBy: '203.0.113.0/24',
      wasReached: 1,
    });
  });

  it('come back as they were', () => {
    const dated = { savedAtMs: 1_700_000_000_000, saved: peer };
    expect(decodePeer(id('a'), encodePeer(dated))).toEqual(dated);
    const none = { lastDial: undefined, upAgoMs: undefined, toldBy: undefined };
    const unknown = { ...peer, ...none, wasReached: false };
    expect(decodePeer(id('a'), encodePeer({ savedAtMs: 0, saved: unknown })).saved).toEqual(
      unknown,
    );
  });

  it('round times to whole milliseconds, and those before zero to zero', () => {
    const times = { ...peer, lastDial: { agoMs: -4, isGood: false }, upAgoMs: 1.6 };
    const { savedAtMs, saved } = decodePeer(id('a'), encodePeer({ savedAtMs: -9, saved: times }));
    expect([savedAtMs, saved.lastDial?.agoMs, saved.upAgoMs]).toEqual([0, 0, 2]);
  });

  it('may have fields of later versions', () => {
    const bytes = [...encodeBan({ savedAtMs: 1, saved: 5 }), 0x78, 0x01, 0x7a, 0x01, 0x00];
    expect(decodeBan(Uint8Array.from(bytes)).saved).toBe(5);
  });

  it.each<readonly [string, readonly number[]]>([
    ['nothing', []],
    ['no date', [0x2a, 0x00]],
    ['a field of another type', [0x08, 0x01, 0x2a, 0x00]],
    ['an address of nobody', [0x08, 0x01, 0x12, 0x00]],
    ['the address of another peer', [0x08, 0x01, 0x12, 49, 0x0a, 47, ...text(`memory:${id('b')}`)]],
    ['a score that is not a number', [0x08, 0x01, 0x1a, 0x09, 0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f]],
  ])('are damaged: %s', (_, bytes) => {
    expect(() => decodePeer(id('a'), Uint8Array.from(bytes))).toThrow();
  });

  it('are damaged when their end is missing', () => {
    const bytes = encodePeer({ savedAtMs: 1_700_000_000_000, saved: peer });
    // A field may end here and there; then the rest is simply unknown.
    const whole = [...bytes.keys()].filter((length) => decoded(bytes.subarray(0, length)));
    expect(whole.length).toBeLessThan(9);
    expect(() => decodeBan(encodeBan({ savedAtMs: 300, saved: 5 }).subarray(0, 3))).toThrow();
  });

  it('never bring a score or time beyond bounds, whatever the bytes', () => {
    const seed = [...encodePeer({ savedAtMs: 1_700_000_000_000, saved: peer })];
    const changes = fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 3 });
    fc.assert(
      fc.property(changes, (all) => {
        const bytes = Uint8Array.from(seed);
        for (const [place, byte] of all) bytes[place] = byte;
        const record = decoded(bytes);
        if (record === undefined) return;
        expect(Number.isSafeInteger(record.savedAtMs)).toBe(true);
        expect(Math.abs(record.saved.behaviour.value)).toBeLessThanOrEqual(32_767);
        for (const { address } of record.saved.addresses) expect(address.id).toBe(id('a'));
      }),
    );
  });
});

function text(value: string): number[] {
  return [...new TextEncoder().encode(value)];
}

/** The record of peer a; `undefined` if it is damaged. */
function decoded(bytes: Uint8Array): ReturnType<typeof decodePeer> | undefined {
  try {
    return decodePeer(id('a'), bytes);
  } catch {
    return undefined;
  }
}
