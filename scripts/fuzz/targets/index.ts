import type { Target } from '../target.ts';
import { addresses } from './addresses.ts';
import { cometConnections } from './comet-connections.ts';
import { cometMessages } from './comet-messages.ts';
import { cometHandshakes, cometStreams } from './comet.ts';
import { connections } from './connections.ts';
import { endpoints } from './endpoints.ts';
import { callFrames, deliveryFrames, exchangeMessages, gossipFrames } from './frames.ts';
import { handshakes } from './handshakes.ts';
import { hellos } from './hellos.ts';
import { ips } from './ips.ts';
import { jsonMessages } from './json.ts';
import { nodeInfos } from './node-infos.ts';
import { oneofMessages } from './oneof.ts';
import { packets } from './packets.ts';
import { protobufMessages } from './protobuf.ts';
import { records } from './records.ts';
import { serviceNodes } from './services.ts';
import { sessions } from './sessions.ts';
import { upgrades } from './upgrades.ts';
import { webSocketFrames } from './websocket-frames.ts';
import { webSockets } from './websockets.ts';

/** All targets. Add new ones here. */
export const targets: readonly Target[] = [
  packets,
  sessions,
  records,
  handshakes,
  connections,
  hellos,
  nodeInfos,
  protobufMessages,
  oneofMessages,
  jsonMessages,
  addresses,
  endpoints,
  ips,
  upgrades,
  webSocketFrames,
  webSockets,
  cometStreams,
  cometHandshakes,
  cometConnections,
  cometMessages,
  callFrames,
  deliveryFrames,
  gossipFrames,
  exchangeMessages,
  serviceNodes,
];

/**
 * All targets whose names begin with this one and a hyphen, or the one that has it: `comet` stands
 * for `comet-streams` and others. Empty if there is none.
 */
export function targetsNamed(name: string): readonly Target[] {
  const group = targets.filter((each) => each.name.startsWith(`${name}-`));
  return group.length > 0 ? group : targets.filter((each) => each.name === name);
}

/** @throws {RangeError} if there is no target of that name */
export function targetNamed(name: string): Target {
  const target = targets.find((each) => each.name === name);
  if (target !== undefined) return target;
  throw new RangeError(
    `no target ${name}: there are ${targets.map((each) => each.name).join(', ')}`,
  );
}
