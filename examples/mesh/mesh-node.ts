import {
  concatMap,
  defer,
  EMPTY,
  filter,
  interval,
  lastValueFrom,
  merge,
  mergeMap,
  type Observable,
  range,
  Subject,
  takeUntil,
  tap,
} from 'rxjs';
import { block, createRouter, Identity, latest } from 'rxmesh';
import type { Channel, NodeId, Router, RouterEvent, SendReport } from 'rxmesh';
import { inspect } from 'rxmesh/inspect';
import { boundedMergeMap } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import { ReceivedLedger, SentLedger, type SentLine } from './ledger.ts';
import { itemCodec, type Account, type Item, type NodeSettings, type Totals } from './messages.ts';

/** So often, so many letters go to each peer, and one of the news to all. */
const tickMs = 20;
const lettersPerTick = 10;

/** Another node has come up or gone down. */
export interface PeerChange {
  readonly node: number;
  readonly isUp: boolean;
}

/** A node that keeps the others busy, and accounts for every message. */
export class MeshNode {
  /** The others, as they come and go. */
  readonly peers$: Observable<PeerChange>;

  readonly #settings: NodeSettings;
  readonly #router: Router;
  readonly #letters: Channel<Item>;
  readonly #news: Channel<Item>;
  readonly #sent = new SentLedger();
  readonly #received = new ReceivedLedger();
  /** The others: ID by number, and number by ID. */
  readonly #ids = new Map<number, NodeId>();
  readonly #nodes = new Map<NodeId, number>();
  /** How many letters each of the others was sent. */
  readonly #written = new Map<number, number>();
  readonly #peers = new Subject<PeerChange>();
  readonly #finish = new Subject<void>();
  readonly #traffic: Promise<unknown>;

  constructor(settings: NodeSettings) {
    const { node, run, seed, port, others, known } = settings;
    this.#settings = settings;
    this.peers$ = this.#peers.asObservable();
    for (const [number, id] of others) {
      this.#ids.set(number, id);
      this.#nodes.set(id, number);
    }
    this.#router = createRouter({
      identity: Identity.fromSeed(Uint8Array.from(seed)),
      network: 'mesh',
      moniker: `${node}.${run}`,
      transports: [webSocket({ listen: { host: '127.0.0.1', port } })],
      // Knowing one node is enough: they tell each other the rest.
      peerExchange: true,
      peers: {
        addresses: known,
        retryMinMs: 50,
        retryMaxMs: 250,
        retryJitterMs: 50,
        disconnectCooldownMs: 50,
      },
      // Here they all have the same one.
      limits: { handshakesPerHost: 16 },
    });
    const lanes = { codec: itemCodec, inbound: block(256), outbound: block(256) };
    this.#letters = this.#router.openChannel({ id: 0x10, ...lanes });
    this.#news = this.#router.openChannel({ id: 0x11, ...lanes });
    this.#letters.in$.subscribe(({ from, message: { run, seq } }) =>
      this.#received.take('letters', { node: this.#nodeOf(from), run }, seq),
    );
    this.#news.in$.subscribe(({ from, message: { run, seq } }) =>
      this.#received.take('news', { node: this.#nodeOf(from), run }, seq),
    );
    this.#router.events$.subscribe((event) => this.#heard(event));
    this.#traffic = lastValueFrom(this.#allTraffic(), { defaultValue: undefined });
  }

  start(): Promise<void> {
    return this.#router.start();
  }

  /** Serves a page that shows what this node does; resolves to its address. */
  async inspect(): Promise<string> {
    const { url } = await inspect(this.#router);
    return url;
  }

  get totals(): Totals {
    const dropped = this.#router.snapshot().drops.reduce((sum, { count }) => sum + count, 0);
    return { accepted: this.#sent.total, received: this.#received.total, dropped };
  }

  get account(): Account {
    const { node, run } = this.#settings;
    const drops = this.#router
      .snapshot()
      .drops.map(({ reason, count }) => [reason, count] as const);
    return { node, run, sent: this.#sent.lines, received: this.#received.lines, drops };
  }

  /** Begins no more messages. Resolves when lanes have taken those that were begun. */
  async finish(): Promise<void> {
    this.#finish.next();
    await this.#traffic;
  }

  stop(): Promise<void> {
    return this.#router.stop();
  }

  #heard(event: RouterEvent): void {
    if (event.type === 'peer-up') {
      const node = this.#nodeOf(event.peer);
      this.#sent.up({ node, run: this.#runOf(event.peer) });
      this.#peers.next({ node, isUp: true });
    } else if (event.type === 'peer-down') {
      const node = this.#nodeOf(event.peer);
      this.#sent.down(node);
      this.#peers.next({ node, isUp: false });
    }
  }

  #allTraffic(): Observable<SendReport> {
    const ticks$ = interval(tickMs).pipe(takeUntil(this.#finish));
    // A tick that comes while messages of an earlier one wait for their lane is skipped.
    const pace = { buffer: latest() };

    const changes$ = this.#peers.pipe(takeUntil(this.#finish));
    const letters$ = changes$.pipe(
      filter(({ isUp }) => isUp),
      mergeMap(({ node }) => {
        const down$ = this.#peers.pipe(filter((peer) => peer.node === node && !peer.isUp));
        const letter$ = defer(() => this.#sendLetter(node));
        const itsTicks$ = ticks$.pipe(takeUntil(down$));
        return itsTicks$.pipe(
          boundedMergeMap(() => range(lettersPerTick).pipe(concatMap(() => letter$)), pace),
        );
      }),
    );

    let seq = 0;
    const news$ = ticks$.pipe(boundedMergeMap(() => this.#sendNews(++seq), pace));
    return merge(letters$, news$);
  }

  #sendLetter(node: number): Observable<SendReport> {
    const { run } = this.#settings;
    const to = this.#ids.get(node);
    if (to === undefined) throw new Error(`node ${node} is none of the others`);
    const seq = (this.#written.get(node) ?? 0) + 1;
    this.#written.set(node, seq);
    const lines = this.#sent.open('letters', node);
    const text = `letter ${seq} from node ${this.#settings.node} to node ${node}`;
    return this.#letters
      .send({ to, message: { run, seq, text } })
      .pipe(tap((report) => this.#sentTo(lines, seq, report)));
  }

  #sendNews(seq: number): Observable<SendReport> {
    const { node, run } = this.#settings;
    const lines = this.#sent.open('news');
    if (lines.length === 0) return EMPTY;
    const text = `news ${seq} from node ${node}`;
    return this.#news
      .send({ broadcast: true, message: { run, seq, text } })
      .pipe(tap((report) => this.#sentTo(lines, seq, report)));
  }

  #sentTo(lines: readonly SentLine[], seq: number, { accepted }: SendReport): void {
    if (accepted === lines.length) {
      this.#sent.accepted(lines, seq);
      return;
    }
    // A connection that ends drops its messages before it tells that it has ended.
    queueMicrotask(() => {
      const alive = lines.filter(({ isOver }) => !isOver);
      if (accepted < alive.length) throw new Error(`a lane that blocks has dropped message ${seq}`);
      this.#sent.accepted(alive, seq);
    });
  }

  #nodeOf(id: NodeId): number {
    return this.#nodes.get(id) ?? 0;
  }

  /** Which run of a peer this is: the end of its moniker tells. */
  #runOf(id: NodeId): number {
    const peer = this.#router.snapshot().peers.find((one) => one.id === id);
    return Number(peer?.moniker.split('.')[1]);
  }
}
