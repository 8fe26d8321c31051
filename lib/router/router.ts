/// <reference lib="esnext.disposable" preserve="true" />
import {
  AsyncSubject,
  catchError,
  concat,
  defer,
  EMPTY,
  lastValueFrom,
  merge,
  Observable,
  Subject,
  Subscription,
  takeUntil,
  tap,
} from 'rxjs';
import { Switchboard } from '../channel/switchboard.ts';
import type { Channel, ChannelOptions } from '../channel/channel.ts';
import { type AbortSignalLike, aborted, aSignal, promised } from '../flow/abort.ts';
import { type Clock, systemClock, timerMaxMs } from '../flow/clock.ts';
import { guardedClock, guardedRandom } from '../flow/guarded.ts';
import { Failures } from './failures.ts';
import { GuardedTransport } from './guarded-transport.ts';
import { Listening } from './listening.ts';
import { mesh } from './mesh.ts';
import { Outcomes } from './outcomes.ts';
import { peerExchange, visitorsMax } from '../exchange/peer-exchange.ts';
import { formatNodeAddress } from '../model/address.ts';
import { aNumber, checkOptions } from '../model/check-options.ts';
import { endpointToAddress, type Endpoint } from '../model/endpoint.ts';
import { RxmeshError } from '../model/error.ts';
import type { RouterEvent } from '../model/event.ts';
import { type NodeId, parseNodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import type { ConnectionEnds } from '../model/reach.ts';
import { protocolFault, type RouterSettings } from './options.ts';
import { connected } from '../peers/connected.ts';
import { guardedRank } from '../peers/guarded-rank.ts';
import { PeerManager } from '../peers/peer-manager.ts';
import type { PeerUpdate } from '../peers/peer-updates.ts';
import { PeerControl } from './peer-control.ts';
import type { RouterSnapshot } from './snapshot.ts';
import { describeSelf } from './self-description.ts';
import { stoppedError } from './stopped-error.ts';
import { whenUp, type WhenUpOptions } from './when-up.ts';
import type { Self } from '../transport/transport.ts';

/** Options of `Router.start`. */
export interface StartOptions {
  /** Aborting it stops the router. */
  readonly signal?: AbortSignalLike;
}

/** The public interface of a router, for nodes that are built by hand and stand in for one. */
export type RouterLike = Pick<Router, keyof Router>;

/**
 * A node of the mesh: finds peers and is found by them, authenticates them, and routes the messages
 * of its channels. Its pipelines are in `mesh.ts`.
 */
export class Router {
  /** This node's ID. */
  readonly id: NodeId;
  /** All known peers: list, add, dial, disconnect, ban and limit them. */
  readonly peers: PeerControl;
  /**
   * Peers coming up and going down, in order, starting with those that are up already. Completes at
   * `stop`.
   */
  readonly peers$: Observable<PeerUpdate>;
  /**
   * The peers that are up, by ID. Emits the current map first, and a new one whenever a peer comes
   * up or goes down. Completes at `stop`.
   *
   *     connected$  -{}----{a}--{a, b}--{b}--
   */
  readonly connected$: Observable<ReadonlyMap<NodeId, PeerUpdate>>;
  /** Everything that happens, with its reason: see `RouterEvent`. Completes at `stop`. */
  readonly events$: Observable<RouterEvent>;
  /**
   * Reports about peers, from channels, their slow-peer policies and the router itself. Completes
   * at `stop`.
   */
  readonly reports$: Observable<PeerReport>;

  readonly #settings: RouterSettings;
  readonly #clock: Clock;
  readonly #transports: readonly GuardedTransport[];
  readonly #peers: PeerManager;
  readonly #switchboard: Switchboard;
  readonly #events = new Subject<RouterEvent>();
  /** Reports made by the router itself. */
  readonly #found = new Subject<PeerReport>();
  readonly #failures: Failures;
  readonly #outcomes: Outcomes;
  readonly #stopping = new Subject<void>();
  readonly #running = new Subscription();
  #state: 'new' | 'started' | 'stopped' = 'new';
  #stopped: Promise<void> | undefined;

  /** @internal use `createRouter`, which checks the options */
  constructor(settings: RouterSettings) {
    const { discipline, keepAlive, timeouts } = settings;
    const { stallMs } = timeouts;
    this.#failures = new Failures(this.#events, () => {
      // After the turn, so that the notification during which this failed can finish.
      this.#clock.afterTurn(() => void this.stop());
    });
    const failed = (callback: string, thrown: unknown): void =>
      this.#failures.ofCallback(callback, thrown);
    const clock = guardedClock(settings.clock, failed);
    const random = guardedRandom(settings.random, failed);
    this.#settings = settings;
    this.#clock = clock;
    const refusal = (remote: Endpoint): RxmeshError | undefined => this.#outcomes.ipBan(remote);
    this.#transports = settings.transports.map((each) => {
      return new GuardedTransport(each, { failed, refusal });
    });
    this.id = settings.identity.id;
    const rank = settings.peers.rank && guardedRank(settings.peers.rank, failed);
    const peers = rank === undefined ? settings.peers : { ...settings.peers, rank };
    const maxVisitors = settings.peerExchange === undefined ? 0 : visitorsMax;
    this.#peers = new PeerManager({ ...peers, self: this.id, clock, random, maxVisitors });
    this.#outcomes = new Outcomes({
      peers: this.#peers,
      events: this.#events,
      reports: this.#found,
      protocols: () => this.#transports.flatMap(({ protocols }) => protocols),
      clock,
    });
    this.#switchboard = new Switchboard({
      self: this.id,
      clock,
      discipline,
      keepAlive,
      stallMs,
      decodeFailuresPerSecond: settings.limits.decodeFailuresPerSecond,
    });
    this.events$ = merge(this.#switchboard.events$, this.#events);
    this.reports$ = merge(this.#switchboard.reports$, this.#found);
    this.#running.add(this.#peers.storeEvents$.subscribe((event) => this.#events.next(event)));
    this.peers$ = this.#peers.peers$;
    this.connected$ = connected(this.peers$);
    this.peers = new PeerControl({
      peers: this.#peers,
      events$: this.events$,
      commanded: (command) => this.#events.next({ type: 'peer-command', command }),
      protocolFault: (address) => protocolFault(address, this.#transports),
      probe: () => this.#switchboard.probe(),
      isStopped: () => this.#state === 'stopped',
    });
    if (settings.peerExchange !== undefined) {
      const isFull = (): boolean => this.#peers.isNearlyFull;
      const runtime = { clock, random, isFull };
      const exchange$ = peerExchange(this, runtime, settings.peerExchange);
      this.#running.add(
        exchange$.subscribe({ error: (thrown: unknown) => this.#failures.fatal(thrown) }),
      );
    }
    // Also before `start`: a peer may be reported before it connects.
    this.#running.add(this.reports$.subscribe((report) => this.#outcomes.judge(report)));
  }

  /**
   * The addresses that this node listens on, including its ID: what others need to dial it. If it
   * listens on all interfaces, the host is `0.0.0.0` or `[::]`; replace that with a name or an IP
   * of this machine before you pass an address on. Empty before `start` and after `stop`.
   */
  get addresses(): readonly string[] {
    return this.#endpoints().map((endpoint) => {
      return formatNodeAddress(endpointToAddress(endpoint, this.id));
    });
  }

  /**
   * Opens a channel, before or after `start`, and announces it to connected peers.
   * @throws {RxmeshError} `RXMESH_CHANNEL_OPEN`, `RXMESH_OPTIONS_INVALID`, `RXMESH_STOPPED`
   */
  openChannel<T>(options: ChannelOptions<T>): Channel<T> {
    if (this.#state === 'stopped') throw stoppedError();
    const channel = this.#switchboard.open(options);
    this.#peers.selfChanged();
    return channel;
  }

  /** Whether a peer is up now. */
  isUp(id: NodeId): boolean {
    return this.#peers.status(parseNodeId(id)) === 'up';
  }

  /**
   * Resolves when a peer is up; immediately if it is. It may go down again at any time.
   *
   *     await router.whenUp(to, { timeoutMs: 5_000 });
   *
   * Rejects with `RXMESH_PEER_DOWN` after `timeoutMs`, with the last failure to connect as its
   * cause; with `RXMESH_NODE_ID_INVALID`, with `RXMESH_NOT_STARTED` before `start`, with
   * `RXMESH_STOPPED` if the router stops first, or with the signal's reason if it is aborted first.
   */
  async whenUp(id: NodeId, options: WhenUpOptions = {}): Promise<PeerUpdate> {
    checkOptions('whenUp', options, { signal: aSignal, timeoutMs: aNumber });
    const watched = { peers$: this.peers$, events$: this.events$, clock: this.#clock };
    const up$ = whenUp(parseNodeId(id), options, watched);
    // Node would end the process silently: nothing else is going on, and nothing ever will.
    if (this.#state === 'new') {
      const text = 'whenUp: no peer can come up before the router is started: call start() first';
      throw new RxmeshError('RXMESH_NOT_STARTED', text);
    }
    return promised(up$, options.signal);
  }

  /**
   * Reads the peer store, if there is one, and then starts listening and dialing. Resolves when
   * every transport is listening, or `stop` is called. Rejects with `RXMESH_LISTEN_FAILED` if a
   * transport cannot listen, and then stops the router. A router starts only once: a second call
   * rejects with `RXMESH_ALREADY_STARTED`, or after a stop with `RXMESH_STOPPED`. Aborting the
   * signal has the effect of `stop`. In Node, the process stays alive until `stop`.
   */
  start(options: StartOptions = {}): Promise<void> {
    checkOptions('start', options, { signal: aSignal });
    if (this.#state === 'stopped') return Promise.reject(stoppedError());
    if (this.#state === 'started') {
      return Promise.reject(
        new RxmeshError('RXMESH_ALREADY_STARTED', 'the router was started already'),
      );
    }
    this.#state = 'started';
    const listening = new Listening({
      transports: this.#transports,
      clock: this.#clock,
      onFailure: (error, transport) =>
        this.#events.next({ type: 'transport-failed', transport: String(transport), error }),
    });
    const listens = lastValueFrom(listening.all$.pipe(takeUntil(this.#stopping)), {
      defaultValue: undefined,
    });
    const loaded$ = this.#peers.load().pipe(takeUntil(this.#stopping));
    const mesh$ = defer(() => (this.#state === 'stopped' ? EMPTY : this.#mesh(listening)));
    this.#running.add(
      concat(loaded$, mesh$).subscribe({
        error: (thrown: unknown) => this.#failures.fatal(thrown),
      }),
    );
    // Keeps the process alive, also while there is neither a socket nor a timer. Virtual time does
    // not need that.
    if (this.#settings.clock === systemClock) {
      this.#running.add(systemClock.schedule(() => undefined, timerMaxMs));
    }
    this.#failures.tell();
    this.#running.add(aborted(options.signal).subscribe(() => void this.stop()));
    return listens.catch(async (error: unknown) => {
      await this.stop();
      throw error;
    });
  }

  /**
   * Stops everything: stops listening and dialing, drains lanes for up to `timeouts.drainMs`, says
   * goodbye to peers, closes channels, completes every stream. Draining means that what was sent is
   * written, and that consumers take what has arrived; the rest is dropped and reported as
   * `node-stopped`. Resolves when the peers have read what was sent and nothing is left, or at the
   * latest 2.5 s after the lanes were drained. With a peer store, it first writes the last changes,
   * for up to 2 s. The database stays open: it is yours to close. Calling it twice is fine.
   */
  stop(): Promise<void> {
    if (this.#stopped === undefined) {
      const ended = new AsyncSubject<never>();
      // Set first: a subscriber notified of the end may call `stop` again.
      this.#stopped = lastValueFrom(ended, { defaultValue: undefined });
      this.#end().subscribe(ended);
    }
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The current state: peers, lanes with their depth, counters. A copy that does not change. */
  snapshot(): RouterSnapshot {
    return { id: this.id, endpoints: this.#endpoints(), ...this.#switchboard.snapshot() };
  }

  #mesh(listening: Listening): Observable<never> {
    return mesh({
      settings: this.#settings,
      clock: this.#clock,
      transports: this.#transports,
      listening,
      peers: this.#peers,
      switchboard: this.#switchboard,
      outcomes: this.#outcomes,
      failures: this.#failures,
      self: (ends) => this.#self(ends),
      stopping$: this.#stopping,
    });
  }

  /** What this node says about itself over a connection. */
  #self(ends: ConnectionEnds): Self {
    const { channels } = this.#switchboard;
    return describeSelf(ends, { settings: this.#settings, channels, endpoints: this.#endpoints() });
  }

  #endpoints(): readonly Endpoint[] {
    return this.#transports.flatMap(({ endpoints }) => endpoints);
  }

  #end(): Observable<never> {
    return defer(() => {
      this.#state = 'stopped';
      this.#stopping.next();
      this.#stopping.complete();
      for (const transport of this.#transports) transport.close();
      return this.#switchboard.goodbye(this.#settings.timeouts.drainMs);
    }).pipe(
      catchError((thrown: unknown) => this.#failures.fatal(thrown)),
      (ended$) => concat(ended$, this.#peers.save()),
      tap({
        complete: () => {
          this.#failures.guarded(() => this.#running.unsubscribe());
          this.#failures.guarded(() => this.#switchboard.close());
          this.#failures.guarded(() => this.#peers.close());
          this.#found.complete();
          this.#events.complete();
        },
      }),
    );
  }
}
