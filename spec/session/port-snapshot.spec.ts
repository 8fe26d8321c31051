import { describe, expect, it } from '@jest/globals';
import {
  type LaneSnapshot,
  portSnapshot,
  type PortState,
} from '../../lib/session/port-snapshot.ts';

const lane = { strategy: 'block', depth: 1, depthBytes: 2, capacity: 3, capacityBytes: 4 } as const;
const state: PortState = {
  channel: 7,
  outbox: { ...lane, open: true, credit: 5, creditBytes: 6, waiting: 7, messages: 8, bytes: 9 },
  inbox: { ...lane, depth: 10, depthBytes: 11 },
  granted: 12,
  grantedBytes: 13,
  messagesIn: 14,
  bytesIn: 15,
};
const outbox = (part: Partial<PortState['outbox']>): PortState => ({
  ...state,
  outbox: { ...state.outbox, ...part },
});
const inbox = (part: Partial<LaneSnapshot>): PortState => ({
  ...state,
  inbox: { ...lane, depth: 10, depthBytes: 11, ...part },
});

describe('the snapshot of a port', () => {
  const before = portSnapshot(state, undefined);

  it('says what the port holds, may send, and has carried', () => {
    expect(before).toEqual({
      channel: 7,
      outbound: { ...lane, open: true, credit: 5, creditBytes: 6, waiting: 7 },
      inbound: { ...lane, depth: 10, depthBytes: 11, granted: 12, grantedBytes: 13 },
      messagesIn: 14,
      messagesOut: 8,
      bytesIn: 15,
      bytesOut: 9,
    });
  });

  it('is the last one if nothing has changed since', () => {
    expect(portSnapshot({ ...state }, before)).toBe(before);
  });

  it('is a new one if the peer has closed the channel, or opened it', () => {
    const after = portSnapshot(outbox({ open: false }), before);
    expect(after.outbound).toEqual({ ...before.outbound, open: false });
    expect(portSnapshot(state, after)).toEqual(before);
  });

  it.each<[string, PortState]>([
    ['outbound.strategy', outbox({ strategy: 'fail' })],
    ['outbound.depth', outbox({ depth: 99 })],
    ['outbound.depthBytes', outbox({ depthBytes: 99 })],
    ['outbound.capacity', outbox({ capacity: 99 })],
    ['outbound.capacityBytes', outbox({ capacityBytes: 99 })],
    ['outbound.credit', outbox({ credit: 99 })],
    ['outbound.creditBytes', outbox({ creditBytes: 99 })],
    ['outbound.waiting', outbox({ waiting: 99 })],
    ['messagesOut', outbox({ messages: 99 })],
    ['bytesOut', outbox({ bytes: 99 })],
    ['inbound.strategy', inbox({ strategy: 'fail' })],
    ['inbound.depth', inbox({ depth: 99 })],
    ['inbound.depthBytes', inbox({ depthBytes: 99 })],
    ['inbound.capacity', inbox({ capacity: 99 })],
    ['inbound.capacityBytes', inbox({ capacityBytes: 99 })],
    ['inbound.granted', { ...state, granted: 99 }],
    ['inbound.grantedBytes', { ...state, grantedBytes: 99 }],
    ['messagesIn', { ...state, messagesIn: 99 }],
    ['bytesIn', { ...state, bytesIn: 99 }],
  ])('is a new one if another %s is all that has changed', (path, changed) => {
    const now = portSnapshot(changed, before);
    expect(now).not.toBe(before);
    const isText = path.endsWith('strategy');
    expect(now).toHaveProperty(path, isText ? 'fail' : 99);
  });

  it('has an empty lane while the channel is not open here', () => {
    const closed = portSnapshot({ ...state, inbox: undefined }, before);
    expect(closed.inbound).toMatchObject({ depth: 0, capacity: 0, granted: 12 });
    expect(portSnapshot({ ...state, inbox: undefined }, closed)).toBe(closed);
  });
});
