import { once } from 'node:events';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { LineDirection, type LineOptions } from './line.ts';

const host = '127.0.0.1';

/**
 * Stream buffer of each socket. The system's own buffers come on top, and Node cannot limit them.
 */
const highWaterMark = 262_144;

/** A local TCP port that forwards to another one over a simulated line. */
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

  /** Destroys all connections. New ones can be made afterwards. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  /**
   * Delays the start of a connection as a real line would. The system accepts it immediately, but
   * over a line the near end could send only after a round trip, and the far end would see the
   * connection another half round trip later, together with the first bytes.
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

/** Carries bytes from one socket to the other in one direction of a line, with a single timer. */
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

  /** Whether `to` cannot take bytes now. `connect` or `drain` follows when it can. */
  function isBusy(): boolean {
    return to.pending || to.writableNeedDrain;
  }

  /** Sets the timer for when the next bytes can be delivered or the queue has room. */
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
