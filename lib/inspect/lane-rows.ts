import type { Direction, PortSnapshot } from '../index.ts';
import type { BusyLane } from './stalls.ts';
import { type LaneRow, lanesShownMax } from './view.ts';

/** The lanes with most to show. */
export function laneRows(busy: readonly BusyLane[], idle: readonly LaneRow[]): readonly LaneRow[] {
  const rows = busy.map(({ peer, port, direction }) => laneRow(peer, port, direction));
  if (rows.length > lanesShownMax) rows.sort((a, b) => b.waiting - a.waiting || b.fill - a.fill);
  return [...rows, ...idle].slice(0, lanesShownMax);
}

/** One lane as a row. */
export function laneRow(peer: string, port: PortSnapshot, direction: Direction): LaneRow {
  const { channel, outbound, inbound } = port;
  const lane = port[direction];
  const { strategy, depth, depthBytes, capacity, capacityBytes } = lane;
  const isPromised = direction === 'inbound' && strategy === 'block';
  // A blocking lane takes what it has granted. It grows, so its capacity says little.
  const limit = isPromised ? depth + inbound.granted : capacity;
  const limitBytes = isPromised ? depthBytes + inbound.grantedBytes : capacityBytes;
  const fill = Math.max(part(depth, limit), part(depthBytes, limitBytes));
  return {
    key: `${peer}/${channel}/${direction}`,
    peer,
    channel,
    direction,
    strategy,
    depth,
    limit,
    depthBytes,
    fill,
    credit: direction === 'outbound' ? outbound.credit : inbound.granted,
    waiting: direction === 'outbound' ? outbound.waiting : 0,
  };
}

/** In hundredths, so that rows change no more often than one can see. */
function part(amount: number, limit: number): number {
  return limit <= 0 ? 0 : Math.round(Math.min(1, amount / limit) * 100) / 100;
}
