import { afterEach, beforeEach } from '@jest/globals';
import type { Observable, Subscription } from 'rxjs';
import { RxmeshError } from '../../../lib/model/error.ts';
import { Identity } from '../../../lib/model/identity.ts';
import type { TransportNode, TransportSetup } from '../../../lib/testing/index.ts';
import { webSocket, type WebSocketOptions } from '../../../transports/websocket/index.ts';
import { secureDial } from '../../../lib/secure/index.ts';
import { offeredProtocols } from '../../../transports/websocket/subprotocol.ts';
import { patienceMs, until } from '../../support/until.ts';
import { pollingClock } from '../../support/polling-clock.ts';
import { leakCheck, type LeakCheck } from '../../support/leaks.ts';

/** A node whose transport has these options. */
function node(seed: number, options: WebSocketOptions): TransportNode {
  const identity = Identity.fromSeed(new Uint8Array(32).fill(seed));
  return { identity, transport: webSocket(options) };
}

/** Pairs of nodes with the same options, for the conformance suite. */
export function setup(options: () => WebSocketOptions): TransportSetup {
  const open = () => ({ a: node(1, options()), b: node(2, options()) });
  return { networked: true, timeoutMs: patienceMs, clock: pollingClock, open };
}

/** What the tests of a file need to clean up; see `releases`. */
export interface Releases {
  /** Is called after the test. */
  (release: () => void): void;
  /** What the test has opened and not closed: `'socket'` or `'server'` for each. */
  open(): string[];
}

/**
 * What a test registers is called after it; then none of the sockets and servers that were opened
 * since it began may be left. Those of an earlier spec do not count. Call it once a file.
 */
export function releases(): Releases {
  const registered: (() => void)[] = [];
  let watch: LeakCheck | undefined;
  const open = (): string[] =>
    (watch?.alive() ?? []).filter((kind) => kind === 'socket' || kind === 'server');
  beforeEach(() => {
    watch = leakCheck();
  });
  afterEach(async () => {
    for (const release of registered.splice(0)) release();
    await until(() => open().length === 0);
    watch?.stop();
  });
  return Object.assign((release: () => void) => void registered.push(release), { open });
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
