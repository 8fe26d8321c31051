import { describe, expect, it } from '@jest/globals';
import { RxmeshError } from '../../../lib/model/error.ts';
import { FaultySocket } from '../../../lib/testing/faulty/faulty-socket.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import type { FrameSocket } from '../../../lib/transport/frame-socket.ts';
import { CometConnection } from '../../../transports/comet/comet-connection.ts';
import { limitsOf } from '../../../transports/comet/options.ts';
import { SocketPair } from '../../support/frame-socket-pair.ts';
import { expectIdle } from '../../support/leaks.ts';
import { Recorder } from '../../support/secure.ts';
import { linkOf, type Outcome, selfA, selfB, shake } from './support.ts';

/** A connection whose dialer is not shaking hands yet, and a listener that is. */
function connection() {
  const [pair, clock] = [new SocketPair(), new VirtualClock()];
  const limits = limitsOf({ flushMs: 0 });
  const announced = () => ({ p2pVersion: 8, endpoints: [] });
  const dialer = new CometConnection(pair.dialer, { limits, clock, announced });
  const listener = shake(pair.listener, selfB, clock, { limits: { flushMs: 0 } });
  return { pair, clock, dialer, listener };
}

/** Puts a line with a latency of 10 ms in front of a socket. */
function onLine(inner: FrameSocket, clock: VirtualClock): FaultySocket {
  return new FaultySocket(inner, {
    ...{ clock, line: { latencyMs: 10 }, faults: {}, seed: 1, connection: 0 },
    report: () => undefined,
    onEnd: () => undefined,
  });
}

/** A connection over such a line, shaking hands; and the line. */
function wrapped() {
  const made = connection();
  const { clock, dialer, pair } = made;
  const lines: FaultySocket[] = [];
  dialer.wrapSocket((socket) => {
    const line = onLine(socket, clock);
    lines.push(line);
    return line;
  });
  const outcome: Outcome = {};
  dialer.handshake(selfA, selfB.identity.id).subscribe({
    next: (link) => (outcome.link = link),
    error: (error: unknown) => (outcome.error = error),
  });
  /** Lets time pass, in steps of the line. */
  const pass = (steps: number): void => {
    for (let step = 0; step < steps; step += 1) {
      clock.advance(10);
      pair.settle();
    }
  };
  pair.settle();
  return { ...made, outcome, pass, cut: () => lines[0]?.cut() };
}

describe('a CometBFT connection whose socket is wrapped', () => {
  it('shakes hands through the wrapper, and carries everything after it there', () => {
    const { pass, outcome, listener } = wrapped();
    // A step each way for the keys, for the proofs, and for the node infos.
    pass(1);
    expect([outcome.link, listener.link]).toEqual([undefined, undefined]);
    pass(5);
    const [a, b] = [linkOf(outcome), linkOf(listener)];
    expect([a.nodeInfo.nodeId, b.nodeInfo.nodeId]).toEqual([selfB.identity.id, selfA.identity.id]);
    const atB = new Recorder();
    b.attach(atB);
    a.accept();
    a.data(0x20, Uint8Array.of(7), 0, 1, true);
    a.flush();
    expect(atB.heard).not.toContain('data 32 07 last');
    pass(1);
    expect(atB.heard).toContain('data 32 07 last');
  });

  it('ends with the wrapper', () => {
    const { pass, outcome, listener, pair, cut, clock } = wrapped();
    pass(6);
    const atA = new Recorder();
    linkOf(outcome).attach(atA);
    linkOf(listener).attach(new Recorder());
    for (const link of [linkOf(outcome), linkOf(listener)]) {
      link.accept();
      link.flush();
    }
    pass(2);
    cut();
    expect(atA.heard.at(-1)).toBe('ended RXMESH_CONNECTION_FAILED');
    expect(pair.dialer.state).toBe('destroyed');
    expectIdle(clock.scheduler);
  });

  it('fails with it during the handshake', () => {
    const { pass, outcome, cut } = wrapped();
    pass(1);
    cut();
    const { error } = outcome;
    expect(error instanceof RxmeshError && error.code).toBe('RXMESH_CONNECTION_FAILED');
  });

  it('destroys it when it is closed before the handshake', () => {
    const { dialer, pair, clock } = connection();
    dialer.wrapSocket((socket) => onLine(socket, clock));
    dialer.close();
    expect(pair.dialer.state).toBe('open');
    clock.advance(10);
    expect(pair.dialer.state).toBe('destroyed');
    expectIdle(clock.scheduler);
  });

  it('takes no wrapper once the handshake has begun', () => {
    const { dialer } = connection();
    dialer.handshake(selfA).subscribe({ error: () => undefined });
    const problem = 'wrapSocket must be called before the handshake';
    expect(() => dialer.wrapSocket((socket) => socket)).toThrow(new TypeError(problem));
  });
});
