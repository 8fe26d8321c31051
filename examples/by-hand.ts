/**
 * A node assembled by hand from public exports only. It does what `createRouter` does and passes
 * the same scenarios. Start here if you need something different: filters, other rules, or two
 * networks.
 *
 *     node --conditions=source --import tsx examples/by-hand.ts
 */
import {
  EMPTY,
  finalize,
  firstValueFrom,
  ignoreElements,
  lastValueFrom,
  merge,
  Observable,
} from 'rxjs';
import { filter, retry, Subject, takeUntil, tap } from 'rxjs';
import {
  announcedAddresses,
  errorOfReport,
  formatEndpoint,
  hostOf,
  Identity,
  json,
  PeerManager,
  reportOfEnd,
  RxmeshError,
  selfOf,
  Switchboard,
  systemClock,
  type Clock,
  type Connection,
  type NodeAddress,
  type PeerReport,
  type Proven,
  type RouterEvent,
  type RouterOptions,
  type Self,
} from 'rxmesh';
import * as op from 'rxmesh/operators';
import { MemoryNetwork } from 'rxmesh/transports/memory';

/**
 * Assembles the parts of a node. Everything runs while `run$` is subscribed. Once `stopping$` has
 * emitted, no new sessions begin; existing ones stay until they have said goodbye.
 */
export function nodeByHand(options: RouterOptions, stopping$: Observable<unknown>) {
  const { identity, network, transports, timeouts = {}, limits = {}, peers: known } = options;
  const { clock = systemClock, random = Math.random, discipline, keepAlive } = options;
  const switchboard = new Switchboard({
    self: identity.id,
    clock,
    discipline,
    keepAlive,
    stallMs: timeouts.stallMs,
  });
  const peers = new PeerManager({ ...known, self: identity.id, clock, random });
  const happened = new Subject<RouterEvent>();
  const found = new Subject<PeerReport>();

  // Connections become proven links, then sessions, which carry messages.

  // Where peers may dial this node. They leave out what they cannot reach.
  const ownAddresses = (): readonly string[] => {
    if (options.advertise === false) return [];
    return options.advertise ?? transports.flatMap((each) => each.endpoints.map(formatEndpoint));
  };
  const self = (): Self =>
    selfOf({ identity, network, channels: switchboard.channels, addresses: ownAddresses() });
  const proof = { self, clock, timeoutMs: timeouts.handshakeMs ?? 10_000 };
  const {
    connectionsPerSecond: all = 64,
    connectionsPerSecondPerHost: ofOne = Math.ceil(all / 2),
  } = limits;
  const { handshakes: concurrency = 64, handshakesPerHost: concurrencyPerHost = 8 } = limits;

  const incoming$ = transports.map((transport) =>
    transport.incoming$.pipe(
      // Retry a transport that has failed: after 1 s, then twice as long each time, up to 1 min.
      retry({
        delay: (cause: unknown, failures) => {
          const text = 'it listens no longer';
          const error =
            cause instanceof RxmeshError
              ? cause
              : new RxmeshError('RXMESH_LISTEN_FAILED', text, { cause });
          happened.next({ type: 'transport-failed', transport: String(transport), error });
          return after(clock, Math.min(1_000 * 2 ** (failures - 1), 60_000));
        },
      }),
    ),
  );
  const turnedAway$ = merge(...transports.map((transport) => transport.refused$ ?? EMPTY)).pipe(
    tap(({ error, remote }) => refused(error, { direction: 'inbound', remote })),
    takeUntil(stopping$),
  );
  const inbound$ = merge(...incoming$).pipe(
    filter((connection) => {
      const error = banOf(connection);
      if (error !== undefined) refused(error, connection);
      return error === undefined;
    }),
    op.rateLimit({ ...tooMany(ofOne, ' from one host'), key: ({ remote }) => hostOf(remote) }),
    op.rateLimit(tooMany(all)),
    op.handshake({
      ...proof,
      concurrency,
      concurrencyPerHost,
      onFailure: (error, { connection }) => refused(error, connection),
    }),
  );
  const outbound$ = peers.dials$.pipe(
    op.dial({ transports, clock, dialTimeoutMs: timeouts.dialMs ?? 5_000, onFailure: notDialed }),
    filter(({ connection, address }) => {
      const error = banOf(connection);
      if (error !== undefined && address !== undefined) notDialed(error, address);
      return error === undefined;
    }),
    op.handshake({
      ...proof,
      onFailure: (error, it) => it.address && notDialed(error, it.address),
    }),
  );
  const accepted$ = merge(inbound$, outbound$).pipe(
    op.accept({
      switchboard,
      timeoutMs: proof.timeoutMs,
      concurrency,
      concurrencyPerHost,
      claim,
      onFailure: notAccepted,
    }),
    takeUntil(stopping$),
  );
  const sessions$ = accepted$.pipe(op.route(switchboard), tap(changed));

  // The peer manager judges reports. The peers that it evicts are disconnected.

  const reports$ = merge(switchboard.reports$, found);
  const judged$ = reports$.pipe(
    tap((report) => {
      const { peer, severity, good } = report;
      const error = errorOfReport(report);
      if (good !== true) happened.next({ type: 'peer-reported', peer, severity, error });
      peers.report(report);
    }),
  );
  const evicted$ = peers.evictions$.pipe(
    tap(({ peer, error }) => happened.next({ type: 'peer-evicted', peer, error })),
    op.evict(switchboard),
  );

  // The outcomes are reported to the peer manager, and to the application as events.

  function claim({ link, id, address }: Proven): void {
    if (address === undefined) peers.accepted(id, link.remote);
    else peers.dialed(address, link.remote);
  }

  /** Closes a connection whose IP is banned, before it costs a handshake. */
  function banOf(connection: Connection): RxmeshError | undefined {
    const { ip } = connection.remote;
    if (ip === undefined || !peers.isIpBanned(ip)) return undefined;
    connection.close();
    return new RxmeshError('RXMESH_PEER_BANNED', `${ip} is banned`);
  }

  function changed(event: op.SessionEvent): void {
    const { id: peer, direction, remote, nodeInfo, channels } = event.session;
    if (event.type === 'up') {
      happened.next({ type: 'peer-up', peer, direction, remote, channels, nodeInfo });
      if (!peers.ready(peer, direction, channels)) return;
      const protocols = transports.flatMap((transport) => transport.protocols);
      peers.announced(peer, announcedAddresses(event.session, protocols));
      return;
    }
    const { error } = event;
    happened.next({ type: 'peer-down', peer, direction, ...(error && { error }) });
    peers.disconnected(peer, direction, error);
    const report = reportOfEnd(peer, error);
    if (report !== undefined) found.next(report);
  }

  function notAccepted(error: RxmeshError, { link, id, address }: Proven, claimed: boolean): void {
    refused(error, link, id);
    if (claimed) peers.disconnected(id, link.direction, error);
    else if (address !== undefined) peers.dialFailed(address, error);
  }

  function notDialed(error: RxmeshError, address: NodeAddress): void {
    happened.next({ type: 'dial-failed', address, error });
    peers.dialFailed(address, error);
  }

  function tooMany(perSecond: number, ofWhom = ''): op.RateLimitOptions<Connection> {
    const text = `more than ${perSecond} connections per second${ofWhom}`;
    const onDrop = (connection: Connection): void => {
      connection.close();
      refused(new RxmeshError('RXMESH_TOO_MANY_CONNECTIONS', text), connection);
    };
    return { perSecond, clock, onDrop };
  }

  type From = Pick<Connection, 'direction' | 'remote'>;
  function refused(error: RxmeshError, { direction, remote }: From, peer = error.peer): void {
    const about = { direction, remote, error, ...(peer !== undefined && { peer }) };
    happened.next({ type: 'connection-refused', ...about });
  }

  function redial(): void {
    switchboard.probe();
    peers.redial();
  }

  const run$ = merge(judged$, turnedAway$, sessions$, evicted$).pipe(
    ignoreElements(),
    finalize(() => {
      for (const part of [switchboard, peers]) part.close();
      for (const subject of [found, happened]) subject.complete();
    }),
  );
  const events$ = merge(switchboard.events$, happened);
  return { switchboard, peers, reports$, events$, redial, run$ };
}

const after = (clock: Clock, ms: number): Observable<void> =>
  new Observable((subscriber) => clock.schedule(() => subscriber.next(), ms));

// Run two such nodes in one process.

if (process.argv[1]?.endsWith('by-hand.ts') === true) {
  const memory = new MemoryNetwork();
  const text = { id: 1, codec: json<string>() };
  const stopping$ = new Subject<void>();
  const nodeFor = async (...addresses: string[]) => {
    const identity = await Identity.generate();
    const transports = [memory.transport(identity.id)];
    const options = { identity, network: 'demo', transports, peers: { addresses } };
    return { id: identity.id, ...nodeByHand(options, stopping$) };
  };

  const ann = await nodeFor();
  const bob = await nodeFor(`memory:${ann.id}`);
  const heard = firstValueFrom(ann.switchboard.open(text).in$);
  const said = bob.switchboard.open(text);
  const running = merge(ann.run$, bob.run$).subscribe();
  await firstValueFrom(bob.peers.peers$);
  said.out.next({ to: ann.id, message: 'hello' });
  console.log(`ann hears ${(await heard).message}`);
  stopping$.next();
  await lastValueFrom(merge(bob.switchboard.goodbye(), ann.switchboard.goodbye()), {
    defaultValue: undefined,
  });
  running.unsubscribe();
}
