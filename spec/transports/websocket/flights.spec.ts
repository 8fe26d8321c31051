import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createRouter, Identity, raw, type Router } from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';

const host = '127.0.0.1';
/** Turns of the loop without a byte, after which both sides have said all that they have to say. */
const quietTurns = 30;

/**
 * A line on which bytes fly: what both sides have sent arrives at once when nothing is left to be
 * sent, so that a flight is half a round trip, however long the processor takes for it.
 */
class Flights {
  /**
   * Flights so far, and in each how many reads of the dialer's and of the listener's bytes it took.
   */
  readonly log: [fromDialer: number, fromListener: number][] = [];
  readonly #sockets: Socket[] = [];
  readonly #server = createServer((dialer) => this.#join(dialer));
  #aloft: { readonly to: Socket; readonly bytes: Buffer; readonly side: 0 | 1 }[] = [];
  #quiet = 0;
  #open = true;
  readonly #port: () => number;

  constructor(port: () => number) {
    this.#port = port;
    this.#server.listen(0, host);
    this.#turn();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  close(): void {
    this.#open = false;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(dialer: Socket): void {
    const listener = connect(this.#port(), host);
    for (const [from, to, side] of [
      [dialer, listener, 0],
      [listener, dialer, 1],
    ] as const) {
      this.#sockets.push(from.setNoDelay(true));
      from.on('error', () => undefined).on('close', () => to.destroy());
      from.on('data', (bytes: Buffer) => {
        this.#quiet = 0;
        this.#aloft.push({ to, bytes, side });
      });
    }
  }

  #turn(): void {
    if (!this.#open) return;
    this.#quiet += 1;
    if (this.#quiet > quietTurns && this.#aloft.length > 0) {
      const landing = this.#aloft;
      this.#aloft = [];
      this.#quiet = 0;
      const reads = (of: 0 | 1): number => landing.filter(({ side }) => side === of).length;
      this.log.push([reads(0), reads(1)]);
      for (const { to, bytes } of landing) to.write(bytes);
    }
    setImmediate(() => this.#turn());
  }
}

const routers: Router[] = [];
let flights: Flights | undefined;

async function nodeWith(transport: ReturnType<typeof webSocket>, peers: readonly string[] = []) {
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'flights',
    transports: [transport],
    peers: { persistent: peers },
  });
  routers.push(router);
  return { router, channel: router.openChannel({ id: 1, codec: raw() }) };
}

describe('S-04 the flights of a connection over a WebSocket', () => {
  afterEach(async () => {
    await Promise.all(routers.splice(0).map((router) => router.stop()));
    flights?.close();
  });
  trackLeaks();

  it.each([
    // Behind one round trip for TCP: three of them until the message is there.
    ['listener', 4],
    ['dialer', 5],
  ])('the first message of the %s comes with flight %i', async (from, flight) => {
    const far = await nodeWith(webSocket({ listen: { port: 0, host } }));
    await far.router.start();
    const line = new Flights(() => far.router.snapshot().endpoints[0]?.port ?? 0);
    flights = line;
    await until(() => line.port > 0);
    const near = await nodeWith(webSocket(), [`ws://${far.router.id}@${host}:${line.port}`]);
    const [sender, receiver] = from === 'dialer' ? [near, far] : [far, near];
    let arrivedWith: number | undefined;
    receiver.channel.in$.subscribe(() => (arrivedWith = line.log.length));
    sender.router.peers$.subscribe(({ id, status }) => {
      if (status === 'up') sender.channel.out.next({ to: id, message: Uint8Array.of(1) });
    });
    await near.router.start();
    await until(() => arrivedWith !== undefined);
    expect(arrivedWith).toBe(flight);
    // The upgrade; the 101 and the answer; the introduction, the acceptance and the credit: one
    // write each.
    expect(line.log.slice(0, 3)).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
    ]);
  });
});
