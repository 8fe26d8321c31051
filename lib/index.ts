/**
 * rxmesh: a peer-to-peer message router for reactive applications.
 *
 *     const router = createRouter({
 *       identity: await Identity.generate(),
 *       network: 'demo',
 *       transports: [webSocket({ listen: { port: 4000 } })],
 *     });
 *     const chat = router.openChannel({ id: 0x10, codec: json<string>() });
 *     chat.in$.subscribe(({ from, message }) => show(from, message));
 *     await router.start();
 *     chat.out.next({ broadcast: true, message: 'hello' });
 *
 * @packageDocumentation
 */
export { createRouter } from './router/create-router.ts';
export type { Router, RouterLike, StartOptions } from './router/router.ts';
export { type WhenUpOptions } from './router/when-up.ts';
export { logTo, type Logger, type LogOptions } from './router/log-to.ts';
export type { ExchangeOptions } from './exchange/options.ts';
export type { ExchangeDialect, ExchangeMessage } from './model/exchange-dialect.ts';
export type { DialOptions, PeerControl } from './router/peer-control.ts';
export type { RouterOptions } from './router/options.ts';
export type { AdmitHooks, ConnectionToAdmit, PeerToAdmit } from './router/admit-hooks.ts';
export type { PeerCounts, PeerLimits } from './peers/limits.ts';
export type { PeerOptions } from './peers/options.ts';
export type { DialEnd } from './peers/address-book.ts';
export type { PeerRecord, PeerStatus } from './peers/peer-record.ts';
export type {
  PeerStore,
  StoreEncodings,
  StoreOperation,
  StoreRange,
} from './peers/store/peer-store.ts';
export type { Eviction } from './peers/evictions.ts';
export type { AddressSource } from './peers/introductions.ts';
export type { PeerUpdate } from './peers/peer-updates.ts';
export type { Ban, Banned } from './peers/ban.ts';
export { type Announcement, announcedAddresses } from './peers/announced.ts';
export { PeerManager } from './peers/peer-manager.ts';
export type { PeerManagerOptions } from './peers/peer-manager-options.ts';
export type { Admission, Verdict } from '../operators/admit.ts';
export type { RouterSnapshot } from './router/snapshot.ts';
export type { LaneSnapshot, PortSnapshot } from './session/port-snapshot.ts';
export type { KeepAliveSettings } from './session/keep-alive.ts';
export type { DropReason, PeerCommand, RouterEvent, StoreEvent } from './model/event.ts';
export { errorOfReport, reportOfEnd } from './model/peer-report.ts';
export type { BadReport, GoodReport, PeerReport, Severity } from './model/peer-report.ts';

export type {
  Channel,
  ChannelOptions,
  SendOnceOptions,
  SendOptions,
  Sending,
  SendReport,
  SlowPeerPolicy,
  Undelivered,
} from './channel/channel.ts';
export type { AbsenceSnapshot } from './channel/absences.ts';
export type { AbsentPolicy } from './channel/absent-policy.ts';
export { Switchboard } from './channel/switchboard.ts';
export type { SwitchboardOptions } from './channel/switchboard-options.ts';
export type { PeerSnapshot, SwitchboardSnapshot } from './channel/snapshot.ts';
export type { PeerSession } from './session/peer-session.ts';
export type {
  BroadcastEnvelope,
  DirectEnvelope,
  InboundEnvelope,
  OutboundEnvelope,
} from './model/envelope.ts';
export type { Backlog } from './flow/backlog.ts';
export type {
  Consumable,
  Demand,
  FlowConsumer,
  FlowOrigin,
  FlowSink,
  SinkKeeper,
} from './flow/demand.ts';
export { Flow, type FlowOperator, isFlow } from './flow/flow.ts';
export { flowFrom } from './flow/flow-from.ts';
export type { FlowIterator } from './flow/iterate.ts';
export { block, dropNewest, dropOldest, fail, latest } from './flow/strategy.ts';
export type { LaneBounds, LaneOptions, Strategy } from './flow/strategy.ts';
export { fair, fifo, priority } from './session/discipline.ts';
export type { Discipline, ReadyLane } from './session/discipline.ts';
export type { AbortSignalLike } from './flow/abort.ts';
export { clockFrom, dateOf, systemClock, type Clock } from './flow/clock.ts';

export * from './codec/index.ts';

export { RxmeshError, type ErrorCode, type ErrorContext } from './model/error.ts';
export { Identity, type KeyFileOptions, verifySignature } from './model/identity.ts';
export { isNodeId, nodeIdFromPublicKey, parseNodeId, type NodeId } from './model/id.ts';
export { formatNodeAddress, parseNodeAddress, type NodeAddress } from './model/address.ts';
export { formatEndpoint, type Endpoint } from './model/endpoint.ts';
export type { ConnectionEnds } from './model/reach.ts';
export type { NodeInfo, ProtocolVersion } from './model/node-info.ts';
export type { Direction } from './model/direction.ts';

export type { Connection, Refusal, Self, Transport } from './transport/transport.ts';
export type { ByeReason, Link, LinkReceiver } from './transport/link.ts';
export type { FrameSocket } from './transport/frame-socket.ts';
export type { Attempt, Proven } from './transport/attempt.ts';
export { hostOf } from './transport/host.ts';
export { selfOf, type SelfOptions } from './transport/self.ts';
export {
  helloProblem,
  type Protection,
  secureAccept,
  type SecureConnectionOptions,
  secureDial,
  type SecureDial,
} from './secure/index.ts';
