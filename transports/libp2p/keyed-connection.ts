import { Observable, tap } from 'rxjs';
import type { Direction } from '../../lib/model/direction.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { NodeId } from '../../lib/model/id.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import type { Link } from '../../lib/transport/link.ts';
import type { Connection, Self } from '../../lib/transport/transport.ts';

/** The keys of both ends of a libp2p connection, which its encryption has proved. */
export interface ProvenKeys {
  readonly own: Uint8Array;
  readonly remote: Uint8Array;
}

/**
 * A connection whose handshake proves nothing by itself: libp2p has proved the keys, so what both
 * sides say they are must be these keys.
 */
export class KeyedConnection implements Connection {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #inner: Connection;
  readonly #keys: ProvenKeys;

  constructor(inner: Connection, keys: ProvenKeys) {
    this.#inner = inner;
    this.#keys = keys;
    this.direction = inner.direction;
    this.local = inner.local;
    this.remote = inner.remote;
  }

  handshake(self: Self, expected?: NodeId): Observable<Link> {
    return new Observable<Link>((subscriber) => {
      if (!isEqual(self.identity.publicKey, this.#keys.own)) {
        this.#inner.close();
        const text = 'sameKey needs a libp2p node that has the key of the router';
        subscriber.error(new RxmeshError('RXMESH_HANDSHAKE_FAILED', text));
        return undefined;
      }
      return this.#inner
        .handshake(self, expected)
        .pipe(tap((link) => this.#check(link)))
        .subscribe(subscriber);
    });
  }

  close(reason?: string): void {
    this.#inner.close(reason);
  }

  wrapSocket(wrap: (socket: FrameSocket) => FrameSocket): void {
    this.#inner.wrapSocket?.(wrap);
  }

  toString(): string {
    return `connection proved by libp2p, ${this.#inner.toString()}`;
  }

  /** @throws {RxmeshError} `RXMESH_IDENTITY_MISMATCH` */
  #check({ publicKey, nodeInfo }: Link): void {
    if (isEqual(publicKey, this.#keys.remote)) return;
    this.#inner.close();
    const text = 'the peer says that it has another key than libp2p has proved';
    throw new RxmeshError('RXMESH_IDENTITY_MISMATCH', text, { peer: nodeInfo.nodeId });
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
