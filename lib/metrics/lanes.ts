import type { PeerSnapshot, PortSnapshot } from '../index.ts';
import type { ChannelLabels } from './channel-labels.ts';

/** The lanes of one channel in one direction, of all peers together. */
export interface LaneSums {
  readonly channel: number | string;
  readonly direction: 'inbound' | 'outbound';
  messages: number;
  bytes: number;
  /** Of the fullest lane, from 0 to 1. */
  fill: number;
  /** Of the lane with the least. */
  credit: number;
  /** Lanes with something to send and no credit for it. */
  blocked: number;
}

/** Adds up the lanes by channel and direction. */
export function laneSums(
  peers: readonly PeerSnapshot[],
  labels: ChannelLabels,
): readonly LaneSums[] {
  const sums = new Map<string, LaneSums>();
  for (const { channels } of peers) {
    for (const port of channels) {
      const channel = labels.of(port.channel);
      for (const direction of ['inbound', 'outbound'] as const) {
        const key = `${channel} ${direction}`;
        const found = sums.get(key) ?? { channel, direction, ...nothing };
        sums.set(key, added(found, port));
      }
    }
  }
  return [...sums.values()];
}

const nothing = { messages: 0, bytes: 0, fill: 0, credit: Infinity, blocked: 0 };

function added(sums: LaneSums, port: PortSnapshot): LaneSums {
  const { direction } = sums;
  const { depth, depthBytes, capacity, capacityBytes } = port[direction];
  const credit = direction === 'outbound' ? port.outbound.credit : port.inbound.granted;
  const bytesFill = capacityBytes > 0 ? depthBytes / capacityBytes : 0;
  const fill = Math.max(capacity > 0 ? depth / capacity : 0, bytesFill);
  const { creditBytes } = port.outbound;
  const isBlocked = direction === 'outbound' && depth > 0 && (credit <= 0 || creditBytes <= 0);
  return {
    ...sums,
    messages: sums.messages + depth,
    bytes: sums.bytes + depthBytes,
    fill: Math.max(sums.fill, Number.isFinite(fill) ? fill : 0),
    credit: Math.min(sums.credit, credit),
    blocked: sums.blocked + (isBlocked ? 1 : 0),
  };
}
