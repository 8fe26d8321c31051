import { afterEach } from '@jest/globals';
import type { Observable, Subscription } from 'rxjs';
import { RxmeshError } from '../../../lib/model/error.ts';
import { Identity } from '../../../lib/model/identity.ts';
import type { TransportNode, TransportSetup } from '../../../lib/testing/index.ts';
import { webSocket, type WebSocketOptions } from '../../../transports/websocket/index.ts';
import { secureDial } from '../../../lib/secure/index.ts';
import { offeredProtocols } from '../../../transports/websocket/subprotocol.ts';
import { until } from '../../support/until.ts';
import { pollingClock } from '../../support/polling-clock.ts';

/** A node whose transport has these options. */
function node(seed: number, options: WebSocketOptions): TransportNode {
  const identity = Identity.fromSeed(new Uint8Array(32).fill(seed));
  return { identity, transport: webSocket(options) };
}

/** Pairs of nodes with the same options, for the conformance suite. */
export function setup(options: () => WebSocketOptions): TransportSetup {
  const open = () => ({ a: node(1, options()), b: node(2, options()) });
  return { networked: true, clock: pollingClock, open };
}

/** Sockets and servers that keep the process alive. */
export function openSockets(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS)/.test(kind));
}

/**
 * What a test registers is called after it; then no socket and no server may be left, other than
 * what a spec before it in the same process left. Call it once a file.
 */
export function releases(): (release: () => void) => void {
  const registered: (() => void)[] = [];
  const before = openSockets().length;
  afterEach(async () => {
    for (const release of registered.splice(0)) release();
    await until(() => openSockets().length <= before);
  });
  return (release) => registered.push(release);
}

/** Everything that a socket or transport emits, as it comes. */
export class Log<T> {
  readonly values: T[] = [];
  /** `'open'`, `'complete'`, or the code of the error. */
  end = 'open';
  readonly subscription: Subscription;

  constructor(source: Observable<T>) {
    this.subscription = source.subscribe({
      next: (value) => this.values.push(value),
      error: (error: unknown) => {
        this.end = error instanceof RxmeshError ? error.code : String(error);
      },
      complete: () => {
        this.end = 'complete';
      },
    });
  }
}

/** What a dialer offers with its upgrade: the wire, and a hello. */
export const protocols: readonly string[] = offeredProtocols(secureDial().hello);

/** The header that brings it. */
export const protocolHeader: string = `Sec-WebSocket-Protocol: ${protocols.join(', ')}`;
