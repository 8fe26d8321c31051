import { Observable } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Direction } from '../../lib/model/direction.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import type { NodeId } from '../../lib/model/id.ts';
import {
  closed,
  type HandshakeSteps,
  RunningHandshake,
  tooLate,
} from '../../lib/secure/running-handshake.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import type { Link } from '../../lib/transport/link.ts';
import type { Connection, Self } from '../../lib/transport/transport.ts';
import { CometLink } from './comet-link.ts';
import { announcedInfo, type Announced } from './node-info.ts';
import type { LinkLimits } from './options.ts';
import { SecretHandshake } from './secret-handshake.ts';

/** What a connection needs besides its socket. */
export interface CometConnectionOptions {
  readonly limits: LinkLimits;
  readonly clock: Clock;
  /** Called when the handshake starts. */
  readonly announced: () => Announced;
  /** 32 bytes, for test vectors only. Default: a new key. */
  readonly ephemeralSeed?: Uint8Array;
}

/**
 * A connection in CometBFT's wire protocol, on either side (docs/comet.md, "The wire").
 *
 *     stream in   --key--proof--node info------packets--|
 *     handshake   --------------(link|)
 *     stream out  key----proof--node info------packets---
 */
export class CometConnection implements Connection {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  #socket: FrameSocket;
  readonly #options: CometConnectionOptions;
  #handshake: RunningHandshake | undefined;
  #closed = false;

  /** @param socket carries a stream: the boundaries of its frames mean nothing */
  constructor(socket: FrameSocket, options: CometConnectionOptions) {
    this.direction = socket.direction;
    this.local = socket.local;
    this.remote = socket.remote;
    this.#socket = socket;
    this.#options = options;
  }

  handshake(self: Self, expected?: NodeId): Observable<Link> {
    return new Observable((subscriber) => {
      if (this.#closed) {
        subscriber.error(closed('the connection was closed before the handshake'));
        return undefined;
      }
      if (this.#handshake !== undefined) {
        subscriber.error(new TypeError('handshake must be subscribed to once'));
        return undefined;
      }
      const socket = this.#socket;
      const handshake = new RunningHandshake(socket, subscriber);
      this.#handshake = handshake;
      handshake.start(() => stepsOf(socket, this.#options, self, expected));
      return () => handshake.cancel();
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#handshake === undefined) this.#socket.destroy();
    else this.#handshake.close();
  }

  wrapSocket(wrap: (socket: FrameSocket) => FrameSocket): void {
    if (this.#handshake !== undefined) throw tooLate();
    this.#socket = wrap(this.#socket);
  }

  toString(): string {
    return `CometBFT connection, ${this.#socket.toString()}`;
  }
}

function stepsOf(
  socket: FrameSocket,
  { announced, limits, clock, ephemeralSeed }: CometConnectionOptions,
  self: Self,
  expected: NodeId | undefined,
): HandshakeSteps {
  const { direction, local } = socket;
  const nodeInfo = announcedInfo(self.nodeInfo, announced(), local);
  const told = { identity: self.identity, nodeInfo };
  const handshake = new SecretHandshake({ self: told, direction, expected, ephemeralSeed });
  const { channels } = nodeInfo;
  return {
    first: handshake.first,
    take: (piece) => {
      const { send, peer } = handshake.take(piece);
      if (peer === undefined) return { send };
      return { send, link: () => new CometLink({ socket, peer, channels, limits, clock }) };
    },
  };
}
