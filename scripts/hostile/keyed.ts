import type { Socket } from 'node:net';
import { firstValueFrom, switchMap } from 'rxjs';
import { Identity, type Link, selfOf } from 'rxmesh';
import { webSocket } from 'rxmesh/transports/websocket';
import { WebSocket } from 'ws';
import { systemClock } from '../../lib/flow/clock.ts';
import { secureDial } from '../../lib/secure/index.ts';
import { NodeSocket } from '../../transports/websocket/frame-socket.node.ts';
import { offeredProtocols } from '../../transports/websocket/subprotocol.ts';
import { turnsOf } from '../../lib/transport/turns.ts';
import type { Target } from './raw-socket.ts';

/** The network name, the same as the node's. */
export const network = 'hostile';

/**
 * Opens a link with a new identity, which costs an attacker nothing. Neither side has accepted yet.
 */
export async function keyed({ port }: Target): Promise<Link> {
  const self = selfOf({ identity: await Identity.generate(), network, channels: [1] });
  const dialed$ = webSocket().dial({ protocol: 'ws', ip: '127.0.0.1', port });
  return firstValueFrom(dialed$.pipe(switchMap((connection) => connection.handshake(self))));
}

/**
 * Opens a link with a new identity from a given loopback address. Returns the TCP stream as well.
 */
export async function keyedFrom(
  { port }: Target,
  localAddress: string,
): Promise<{ link: Link; stream: Socket }> {
  const self = selfOf({ identity: await Identity.generate(), network, channels: [1] });
  const dial = secureDial();
  const protocols = [...offeredProtocols(dial.hello)];
  const ws = new WebSocket(`ws://127.0.0.1:${port}/`, protocols, { localAddress });
  const stream = await new Promise<Socket>((resolve, reject) => {
    ws.once('error', reject);
    ws.once('upgrade', ({ socket }) => ws.once('open', () => resolve(socket)));
  });
  const turns = turnsOf(systemClock, setImmediate);
  const socket = new NodeSocket({ ws, stream, direction: 'outbound', protocol: 'ws', turns });
  return { link: await firstValueFrom(dial.connect(socket).handshake(self)), stream };
}

/** Calls `write` as fast as the node reads, until the link ends. */
export async function floodLink(link: Link, write: (link: Link) => void): Promise<void> {
  let isOver = false;
  const ignore = (): void => undefined;
  link.attach({
    data: ignore,
    credit: ignore,
    messageLimit: ignore,
    channelClosed: ignore,
    accepted: ignore,
    ping: ignore,
    pong: ignore,
    drained: ignore,
    recordEnd: ignore,
    ended: () => (isOver = true),
  });
  link.accept();
  link.flush();
  const ended = (): boolean => isOver;
  while (!ended()) {
    for (let records = 0; records < 64 && link.writable; records += 1) write(link);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
