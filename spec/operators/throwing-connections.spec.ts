import { describe, expect, it } from '@jest/globals';
import { EMPTY, type Observable, of, Subject, throwError } from 'rxjs';
import { channelsOf } from '../../lib/channel/switchboard.ts';
import type { NodeAddress } from '../../lib/model/address.ts';
import type { NodeId } from '../../lib/model/id.ts';
import { Identity } from '../../lib/model/identity.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import type { Attempt, Proven } from '../../lib/transport/attempt.ts';
import type { Link } from '../../lib/transport/link.ts';
import * as op from '../../operators/index.ts';
import { FakeConnection, FakeTransport } from '../support/fake-connection.ts';
import { fakeId, FakeLinkEnd, fakeNodeInfo } from '../support/fake-link-end.ts';
import { LinkedNode } from '../support/linked-node.ts';
import { mistake, once, throwingClock } from '../support/throwing.ts';
import { collectUnhandled } from '../support/unhandled.ts';
import { trackLeaks } from '../support/leaks.ts';

const unhandled = collectUnhandled();
trackLeaks();

const ignore = (): void => undefined;
const identity = (seed: number): Identity => Identity.fromSeed(new Uint8Array(32).fill(seed));
const [own, other] = [identity(1), identity(2)];
const self = { identity: own, nodeInfo: fakeNodeInfo(own.id) };
const linkTo = (whom: Identity): FakeLinkEnd =>
  new FakeLinkEnd('inbound', { nodeInfo: fakeNodeInfo(whom.id), publicKey: whom.publicKey });
const address = (host: string): NodeAddress => ({ protocol: 'fake', id: other.id, host });

describe('L-30 an exception in `dial` costs only that dial', () => {
  const connection = new FakeConnection();
  const answer = (): Observable<FakeConnection> => of(connection);
  const endpoints = [{ protocol: 'fake', ip: '192.0.2.7' }];

  /** Dials two addresses, of which the first fails. */
  async function dialTwo(options: Partial<op.DialOptions>, transport = new FakeTransport(answer)) {
    const failures: string[] = [];
    const source = new Subject<NodeAddress>();
    const dialing = op.dial({
      transports: [transport],
      resolve: () => of(endpoints),
      onFailure: ({ code }, { host }) => failures.push(`${host} ${code}`),
      ...options,
    });
    const hosts: unknown[] = [];
    source.pipe(dialing).subscribe({
      next: (attempt) => hosts.push(attempt.address?.host),
      error: (error: unknown) => hosts.push(String(error)),
    });
    for (const host of ['one', 'two']) source.next(address(host));
    expect(source.observed).toBe(true);
    return { hosts, failures, unhandled: await unhandled() };
  }

  it('resolve', async () => {
    const resolve = once(() => of(endpoints));
    expect(await dialTwo({ resolve })).toEqual({
      hosts: ['two'],
      failures: ['one RXMESH_RESOLVE_FAILED'],
      unhandled: [],
    });
  });

  it('onFailure', async () => {
    const resolve = ({ host }: NodeAddress) => of(host === 'one' ? [] : endpoints);
    expect(await dialTwo({ resolve, onFailure: once(ignore) })).toEqual({
      hosts: ['two'],
      failures: [],
      unhandled: [mistake],
    });
  });

  it('clock', async () => {
    expect(await dialTwo({ clock: throwingClock('schedule') })).toEqual({
      hosts: ['one', 'two'],
      failures: [],
      unhandled: [mistake],
    });
  });

  it('dial of a transport', async () => {
    const transport = Object.assign(new FakeTransport(), { dial: once(answer) });
    expect(await dialTwo({}, transport)).toEqual({
      hosts: ['two'],
      failures: ['one RXMESH_DIAL_FAILED'],
      unhandled: [],
    });
  });

  it('protocols of a transport', async () => {
    const protocols = once(() => ['fake']);
    const transport = new FakeTransport(answer);
    Object.defineProperty(transport, 'protocols', { get: () => protocols() });
    expect(await dialTwo({}, transport)).toEqual({
      hosts: ['two'],
      failures: ['one RXMESH_DIAL_FAILED'],
      unhandled: [],
    });
  });
});

describe('L-30 an exception in `handshake` costs only that connection', () => {
  const good = (): FakeConnection => new FakeConnection(of<Link>(linkTo(other)));

  /** Proves two connections, of which the first fails. */
  async function proveTwo(options: Partial<op.HandshakeOptions>, first = good()) {
    const failures: string[] = [];
    const proven: unknown[] = [];
    const source = new Subject<Attempt>();
    const proving = op.handshake({
      self: () => self,
      onFailure: ({ code }) => failures.push(code),
      ...options,
    });
    source.pipe(proving).subscribe({
      next: ({ id }) => proven.push(id === other.id ? 'proven' : id),
      error: (error: unknown) => proven.push(String(error)),
    });
    for (const connection of [first, good()]) source.next({ connection });
    expect(source.observed).toBe(true);
    return { proven, failures, closed: first.closed, unhandled: await unhandled() };
  }

  it('self, and the handshake is no longer counted', async () => {
    expect(await proveTwo({ self: once(() => self), concurrency: 1 })).toEqual({
      proven: ['proven'],
      failures: ['RXMESH_HANDSHAKE_FAILED'],
      closed: true,
      unhandled: [],
    });
  });

  it('onFailure', async () => {
    const first = new FakeConnection(EMPTY);
    expect(await proveTwo({ onFailure: once(ignore) }, first)).toEqual({
      proven: ['proven'],
      failures: [],
      closed: true,
      unhandled: [mistake],
    });
  });

  it('onFailure for one over the limit', async () => {
    const source = new Subject<Attempt>();
    const onFailure = once(ignore);
    const proven: Proven[] = [];
    source
      .pipe(op.handshake({ self: () => self, timeoutMs: 0, concurrency: 1, onFailure }))
      .subscribe((each) => proven.push(each));
    const running = new FakeConnection(new Subject<Link>());
    const tooMany = good();
    for (const connection of [running, tooMany]) source.next({ connection });
    expect([running.closed, tooMany.closed, source.observed]).toEqual([false, true, true]);
    expect(await unhandled()).toEqual([mistake]);
  });

  it('clock', async () => {
    expect(await proveTwo({ clock: throwingClock('schedule') })).toEqual({
      proven: ['proven', 'proven'],
      failures: [],
      closed: false,
      unhandled: [mistake],
    });
  });

  it.each<[string, () => FakeConnection]>([
    ['handshake', () => Object.assign(good(), { handshake: once(() => EMPTY) })],
    ['its Observable', () => new FakeConnection(throwError(() => mistake))],
  ])('%s of a connection', async (_, make) => {
    expect(await proveTwo({}, make())).toEqual({
      proven: ['proven'],
      failures: ['RXMESH_HANDSHAKE_FAILED'],
      closed: true,
      unhandled: [],
    });
  });

  it('close of a connection', async () => {
    const first = Object.assign(new FakeConnection(EMPTY), { close: once(ignore) });
    const { proven, failures, unhandled: reported } = await proveTwo({}, first);
    expect([proven, failures, reported]).toEqual([
      ['proven'],
      ['RXMESH_HANDSHAKE_FAILED'],
      [mistake],
    ]);
  });
});

describe('L-30 an exception in `accept` costs only that link', () => {
  const provenBy = (digit: string, link = new FakeLinkEnd('inbound')) => ({
    link,
    id: fakeId(digit),
  });

  /** Two links that their peers accept; the first fails. */
  async function acceptTwo(
    options: Partial<op.AcceptOptions>,
    link = new FakeLinkEnd('inbound'),
    clock = new VirtualClock(),
  ) {
    const { switchboard } = new LinkedNode(5, clock);
    const failures: string[] = [];
    const up: string[] = [];
    const source = new Subject<Proven>();
    const accepting = op.accept({
      switchboard,
      onFailure: ({ code }, { id }) => failures.push(`${id.slice(0, 1)} ${code}`),
      ...options,
    });
    source.pipe(accepting, op.route(switchboard)).subscribe({
      next: ({ type, session }) => up.push(`${session.id.slice(0, 1)} ${type}`),
      error: (error: unknown) => up.push(String(error)),
    });
    const [first, second] = [provenBy('a', link), provenBy('b')];
    for (const each of [first, second]) {
      source.next(each);
      if (!each.link.ended) each.link.hear({ type: 'accept' });
    }
    clock.advance(0);
    expect(source.observed).toBe(true);
    const sessions = [...channelsOf(switchboard).sessions()].map(({ id }) => id.slice(0, 1));
    return { up, sessions, failures, unhandled: await unhandled() };
  }

  const onlyB = { up: ['b up'], sessions: ['b'] };

  it('claim', async () => {
    const failures = ['a RXMESH_PEER_REFUSED'];
    const claim = once(ignore);
    expect(await acceptTwo({ claim })).toEqual({ ...onlyB, failures, unhandled: [] });
  });

  it('onFailure', async () => {
    const claim = ({ id }: Proven): void => {
      if (id === fakeId('a')) throw new Error('full');
    };
    const onFailure = once(ignore);
    const told = await acceptTwo({ claim, onFailure });
    expect(told).toEqual({ ...onlyB, failures: [], unhandled: [mistake] });
  });

  it('clock', async () => {
    const both = { up: ['a up', 'b up'], sessions: ['a', 'b'] };
    const told = await acceptTwo({ clock: throwingClock('schedule') });
    expect(told).toEqual({ ...both, failures: [], unhandled: [mistake] });
  });

  it.each(['attach', 'accept', 'flush'] as const)('%s of a link', async (name) => {
    const link = new FakeLinkEnd('inbound');
    Object.assign(link, { [name]: once(ignore) });
    const failures = ['a RXMESH_CONNECTION_FAILED'];
    expect(await acceptTwo({}, link)).toEqual({ ...onlyB, failures, unhandled: [] });
    expect(link.ended).toBe(true);
  });

  it('close of a refused link', async () => {
    const link = Object.assign(new FakeLinkEnd('inbound'), { close: once(ignore) });
    const claim = ({ id }: Proven): void => {
      if (id === fakeId('a')) throw new Error('full');
    };
    const failures = ['a RXMESH_PEER_REFUSED'];
    const told = await acceptTwo({ claim }, link);
    expect(told).toEqual({ ...onlyB, failures, unhandled: [mistake] });
  });

  it('close of an evicted link: its session still ends', () => {
    const node = new LinkedNode();
    const sessions = [node.peer(1).session, node.peer(2).session];
    Object.assign(sessions[0]?.link ?? {}, { close: once(ignore) });
    const evicted: string[] = [];
    const evictions = new Subject<{ peer: NodeId }>();
    evictions.pipe(op.evict(node.switchboard)).subscribe(({ id }) => evicted.push(id));
    for (const { id } of sessions) evictions.next({ peer: id });
    expect(evicted).toEqual(sessions.map(({ id }) => id));
    expect(sessions.map(({ over }) => over)).toEqual([true, true]);
  });
});
