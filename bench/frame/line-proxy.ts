import { once } from 'node:events';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { LineDirection, type LineOptions } from './line.ts';

const host = '127.0.0.1';

/** What a socket buffers here. Those of the system are in addition, and Node cannot bound them. */
const highWaterMark = 262_144;

/** A TCP port on this machine behind which a line leads to another one. */
export class LineProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(to: number, line: LineOptions) {
    const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, highWaterMark };
    this.#server = createServer(options, (near) => this.#join(near, to, line));
  }

  /** @param to the port at the far end */
  static async open(to: number, line: LineOptions): Promise<LineProxy> {
    const proxy = new LineProxy(to, line);
    proxy.#server.listen(0, host);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Destroys all connections. New ones can be made. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  /**
   * The system has accepted the connection at once. Over a line, the near end could send after a
   * round trip, and the far end would hear of the connection half a round trip later, with the
   * first bytes.
   */
  #join(near: Socket, to: number, line: LineOptions): void {
    const options = { allowHalfOpen: true, highWaterMark };
    const far = new Socket(options);
    far.setNoDelay(true);
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    carry(near, far, line);
    carry(far, near, line);
    setTimeout(() => near.resume(), 2 * line.delayMs);
    setTimeout(() => {
      if (!far.destroyed) far.connect({ port: to, host });
    }, 3 * line.delayMs);
  }
}

/** Carries what `from` sends, over one direction of a line, with one timer. */
function carry(from: Socket, to: Socket, line: LineOptions): void {
  const direction = new LineDirection(line);
  let isPaused = false;
  let timer: NodeJS.Timeout | undefined;
  let timerAtMs = Infinity;

  from.on('data', (bytes: Buffer) => {
    const nowMs = performance.now();
    direction.put(bytes, nowMs);
    if (direction.isFull(nowMs)) {
      isPaused = true;
      from.pause();
    }
    wait(nowMs);
  });
  from.on('end', () => {
    const nowMs = performance.now();
    direction.putEnd(nowMs);
    wait(nowMs);
  });
  from.on('error', () => to.destroy());
  to.on('connect', deliver);
  to.on('drain', deliver);
  to.on('close', () => clearTimeout(timer));

  function deliver(): void {
    const nowMs = performance.now();
    to.cork();
    while (!isBusy()) {
      const bytes = direction.take(nowMs);
      if (bytes === undefined) break;
      if (bytes === 'end') to.end();
      else to.write(bytes);
    }
    to.uncork();
    if (isPaused && !direction.isFull(nowMs)) {
      isPaused = false;
      from.resume();
    }
    wait(nowMs);
  }

  /** Whether `to` takes nothing now. It says so when that changes. */
  function isBusy(): boolean {
    return to.pending || to.writableNeedDrain;
  }

  /** Until bytes arrive that can be handed over, or until the queue has room. */
  function wait(nowMs: number): void {
    const arrivalMs = isBusy() ? Infinity : direction.nextArrivalMs();
    const roomMs = isPaused ? direction.roomAtMs() : Infinity;
    const atMs = Math.min(arrivalMs, roomMs >= nowMs ? roomMs : Infinity);
    if (atMs >= timerAtMs) return;
    clearTimeout(timer);
    timerAtMs = atMs;
    timer = setTimeout(() => {
      timerAtMs = Infinity;
      deliver();
    }, atMs - nowMs);
  }
}
