import { once } from 'node:events';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { type Observable, Subject, type Subscription } from 'rxjs';
import { type Clock, systemClock } from '../../flow/clock.ts';
import { checkOptions } from '../../model/check-options.ts';
import { mustBe } from '../../model/described.ts';
import { LineDirection, type LineOptions } from '../faulty/line.ts';
import { lineKinds, seedOf } from '../faulty/plan.ts';
import { seededRandom } from '../seeded-random.ts';
import { checkFaults, FaultyStream, type TcpFault, type TcpFaults } from './faults.ts';

const host = '127.0.0.1';

/**
 * Stream buffer of each socket. The system's own buffers come on top, and Node cannot limit them.
 */
const highWaterMark = 262_144;

/** Options of `TcpLine.open`. */
export interface TcpLineOptions extends LineOptions {
  /** What goes wrong. Default: nothing. */
  readonly faults?: TcpFaults;
  /** The same seed gives each connection the same faults at the same bytes. Default 1. */
  readonly seed?: number;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

type Direction = TcpFault['towards'];

/**
 * A TCP port on this machine that forwards to another one, over a line that is long, slow or
 * faulty. It knows nothing about what it carries, so any program may be tested behind it.
 *
 *     const line = await TcpLine.open(4000, { latencyMs: 25, faults: { cutAfterBytes: 100_000 } });
 *     console.log(`ws://127.0.0.1:${line.port} leads to port 4000`);
 *     line.freeze();         // nothing passes, and nobody is told
 *     await line.close();
 *
 * In front of a bottleneck stands a queue of 100 ms, or of 64 KiB if that is more. When it is full,
 * the line stops reading, so nothing is lost unless a fault loses it.
 */
export class TcpLine {
  /** What goes wrong, as it happens. Completes when the line is closed. */
  readonly faults$: Observable<TcpFault>;
  readonly #server: Server;
  readonly #to: number;
  readonly #options: Required<Pick<TcpLineOptions, 'seed' | 'clock' | 'faults'>> & LineOptions;
  readonly #faults = new Subject<TcpFault>();
  readonly #connections = new Set<Carrier>();
  #made = 0;
  #isFrozen = false;

  private constructor(to: number, options: TcpLineOptions) {
    this.#to = to;
    this.#options = { seed: 1, clock: systemClock, faults: {}, ...options };
    this.faults$ = this.#faults.asObservable();
    const settings = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, highWaterMark };
    this.#server = createServer(settings, (near) => this.#join(near));
  }

  /**
   * Opens a port, which the system chooses.
   * @param to the port at the far end, on this machine
   * @throws {TypeError} for an unknown option or one of another type
   * @throws {RangeError} for one that is out of range
   */
  static async open(to: number, options: TcpLineOptions = {}): Promise<TcpLine> {
    if (!Number.isInteger(to) || to < 1 || to > 65_535) {
      throw new RangeError(`TcpLine.open: ${mustBe('to', 'a port, from 1 to 65535', to)}`);
    }
    checkOptions('TcpLine.open', options, lineKinds);
    checkFaults(options.faults ?? {});
    const line = new TcpLine(to, options);
    line.#server.listen(0, host);
    await once(line.#server, 'listening');
    return line;
  }

  /** The port to dial. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resets all connections. New ones can be made afterwards. */
  cut(): void {
    for (const connection of this.#connections) connection.reset();
  }

  /** Falls silent: nothing passes in either direction, and no connection ends. */
  freeze(): void {
    this.#isFrozen = true;
    for (const connection of this.#connections) connection.freeze();
  }

  /** Passes on what was held back since `freeze`, and all that follows. */
  thaw(): void {
    this.#isFrozen = false;
    for (const connection of this.#connections) connection.thaw();
  }

  /** Resets all connections and frees the port. */
  async close(): Promise<void> {
    this.cut();
    this.#faults.complete();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Delays the start of a connection as a real line would. The system accepts it immediately, but
   * over a line the near end could send only after a round trip, and the far end would see the
   * connection another half round trip later, together with the first bytes.
   */
  #join(near: Socket): void {
    const { clock, latencyMs = 0 } = this.#options;
    // Its type lacks `highWaterMark`, which every stream takes.
    const settings = { allowHalfOpen: true, highWaterMark };
    const far = new Socket(settings);
    far.setNoDelay(true);
    const number = this.#made;
    this.#made += 1;
    const connection = new Carrier(near, far, (from, to, towards) =>
      this.#carry(from, to, towards, number),
    );
    this.#connections.add(connection);
    if (this.#isFrozen) connection.freeze();
    const started = clock.schedule(() => near.resume(), 2 * latencyMs);
    const reached = clock.schedule(() => {
      if (!far.destroyed) far.connect({ port: this.#to, host });
    }, 3 * latencyMs);
    connection.onClosed(() => {
      started.unsubscribe();
      reached.unsubscribe();
      this.#connections.delete(connection);
    });
  }

  #carry(from: Socket, to: Socket, towards: Direction, connection: number): Way {
    const { seed, clock, faults, ...line } = this.#options;
    const ownSeed = seedOf(seed, connection, towards);
    const report = (type: TcpFault['type'], atBytes: number): void => {
      this.#faults.next({ type, connection, towards, atBytes });
    };
    const isFragmented = faults.fragmentBytesMax !== undefined;
    return new Way({
      from,
      to,
      clock,
      line: new LineDirection(line, seededRandom(ownSeed)),
      faults: new FaultyStream(faults, ownSeed, report),
      piecesPerTurn: isFragmented ? 1 : Infinity,
    });
  }
}

/** One connection over a line: two sockets, and a way in each direction. */
class Carrier {
  readonly #sockets: readonly Socket[];
  readonly #ways: readonly Way[];

  constructor(
    near: Socket,
    far: Socket,
    carry: (from: Socket, to: Socket, towards: Direction) => Way,
  ) {
    this.#sockets = [near, far];
    this.#ways = [carry(near, far, 'listener'), carry(far, near, 'dialer')];
  }

  freeze(): void {
    for (const way of this.#ways) way.freeze();
  }

  thaw(): void {
    for (const way of this.#ways) way.thaw();
  }

  reset(): void {
    for (const socket of this.#sockets) reset(socket);
  }

  /** Calls `closed` once both sockets are closed. */
  onClosed(closed: () => void): void {
    let open = this.#sockets.length;
    for (const socket of this.#sockets) {
      socket.on('close', () => {
        open -= 1;
        if (open === 0) closed();
      });
    }
  }
}

interface WayOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly clock: Clock;
  readonly line: LineDirection;
  readonly faults: FaultyStream;
  readonly piecesPerTurn: number;
}

/** Carries bytes from one socket to the other, with a single timer. */
class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #clock: Clock;
  readonly #line: LineDirection;
  readonly #faults: FaultyStream;
  readonly #piecesPerTurn: number;
  #isPaused = false;
  #isFrozen = false;
  /** A fault has ended the stream: what still comes is thrown away. */
  #isOver = false;
  #cutAfterAll = false;
  #timer: Subscription | undefined;
  #timerAtMs = Infinity;

  constructor({ from, to, clock, line, faults, piecesPerTurn }: WayOptions) {
    this.#from = from;
    this.#to = to;
    this.#clock = clock;
    this.#line = line;
    this.#faults = faults;
    this.#piecesPerTurn = piecesPerTurn;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => this.#end());
    from.on('error', () => reset(to));
    to.on('connect', () => this.#deliver());
    to.on('drain', () => this.#deliver());
    to.on('close', () => this.#timer?.unsubscribe());
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#timer?.unsubscribe();
    this.#timerAtMs = Infinity;
    this.#pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#deliver();
  }

  #take(bytes: Buffer): void {
    if (this.#isOver) return;
    if (this.#to.destroyed) {
      // As a system answers who sends to a closed socket.
      reset(this.#from);
      return;
    }
    const nowMs = this.#clock.now();
    const { pieces, ending } = this.#faults.pass(bytes);
    for (const piece of pieces) this.#line.put(piece, nowMs);
    if (ending !== undefined) {
      this.#isOver = true;
      this.#cutAfterAll = ending === 'cut';
      this.#line.putEnd(nowMs);
    }
    if (this.#line.isFull(nowMs)) this.#pause();
    this.#wait(nowMs);
  }

  #end(): void {
    if (this.#isOver) return;
    const nowMs = this.#clock.now();
    this.#line.putEnd(nowMs);
    this.#wait(nowMs);
  }

  #pause(): void {
    this.#isPaused = true;
    this.#from.pause();
  }

  #deliver(): void {
    if (this.#isFrozen) return;
    const nowMs = this.#clock.now();
    this.#to.cork();
    for (let pieces = 0; pieces < this.#piecesPerTurn && !this.#isBusy(); pieces += 1) {
      const bytes = this.#line.take(nowMs);
      if (bytes === undefined) break;
      if (bytes !== 'end') this.#to.write(bytes);
      else if (this.#cutAfterAll) this.#cut();
      else this.#to.end();
    }
    this.#to.uncork();
    if (this.#isPaused && !this.#line.isFull(nowMs)) {
      this.#isPaused = false;
      this.#from.resume();
    }
    this.#wait(nowMs);
  }

  #cut(): void {
    reset(this.#to);
    reset(this.#from);
  }

  /** Whether `to` cannot take bytes now. `connect` or `drain` follows when it can. */
  #isBusy(): boolean {
    return this.#to.pending || this.#to.writableNeedDrain || this.#to.destroyed;
  }

  /** Sets the timer for when the next bytes can be delivered or the queue has room. */
  #wait(nowMs: number): void {
    if (this.#isFrozen) return;
    const arrivalMs = this.#isBusy() ? Infinity : this.#line.nextArrivalMs();
    const roomMs = this.#isPaused ? this.#line.roomAtMs() : Infinity;
    const atMs = Math.min(arrivalMs, roomMs >= nowMs ? roomMs : Infinity);
    if (atMs >= this.#timerAtMs) return;
    this.#timer?.unsubscribe();
    this.#timerAtMs = atMs;
    this.#timer = this.#clock.schedule(
      () => {
        this.#timerAtMs = Infinity;
        this.#deliver();
      },
      Math.max(0, atMs - nowMs),
    );
  }
}

/** Ends a socket with a reset, so that its other side reads an error and not an end. */
function reset(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}
