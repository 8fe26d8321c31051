import { describe, expect, it } from '@jest/globals';
import { EMPTY, map, NEVER, type Observable, of, Subject, take, throwError } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { NodeAddress } from '../../lib/model/address.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import type { RxmeshError } from '../../lib/model/error.ts';
import { Identity } from '../../lib/model/identity.ts';
import type { NodeInfo } from '../../lib/model/node-info.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import type { Attempt, Proven } from '../../lib/transport/attempt.ts';
import type { Link } from '../../lib/transport/link.ts';
import type { Self } from '../../lib/transport/transport.ts';
import { handshake, type HandshakeOptions } from '../../operators/handshake.ts';
import { FakeConnection } from '../support/fake-connection.ts';
import { FakeLinkEnd, fakeNodeInfo } from '../support/fake-link-end.ts';
import { marbles } from '../support/marbles.ts';
import { trackLeaks } from '../support/leaks.ts';

const identity = (seed: number): Identity => Identity.fromSeed(new Uint8Array(32).fill(seed));
const [own, a, b] = [identity(1), identity(2), identity(3)];
const self: Self = { identity: own, nodeInfo: fakeNodeInfo(own.id, { channels: [1, 2] }) };

const linkTo = (peer: Identity, changes: Partial<NodeInfo> = {}): FakeLinkEnd =>
  new FakeLinkEnd('inbound', {
    nodeInfo: fakeNodeInfo(peer.id, changes),
    publicKey: peer.publicKey,
  });

type FakeAttempt = Attempt & { readonly connection: FakeConnection };

const attempt = (link$: Observable<Link>, address?: NodeAddress): FakeAttempt => ({
  connection: new FakeConnection(link$),
  ...(address && { address }),
});

/** `handshake` with 5 ms per connection, and what it reported. */
function setUp(clock: Clock, options: Partial<HandshakeOptions> = {}) {
  const failures = new Subject<readonly [RxmeshError, Attempt]>();
  const log: string[] = [];
  failures.subscribe(([{ code, message }]) => log.push(`${code} ${message}`));
  const proving = handshake({
    self: () => self,
    clock,
    timeoutMs: 5,
    onFailure: (...failure) => failures.next(failure),
    ...options,
  });
  return { failures, log, proving };
}

const named = map(({ id }: Proven) => (id === a.id ? 'A' : id === b.id ? 'B' : id));

describe('handshake', () => {
  it('does what its marble shows', () => {
    marbles(({ cold, hot, clock, expectObservable, expectSubscriptions }) => {
      const toA = cold<Link>('       ----(l|)      ', { l: linkTo(a) });
      const toB = cold<Link>('         -           ');
      const toC = cold<Link>('          -          ');
      const attempts = { a: attempt(toA), b: attempt(toB), c: attempt(toC) };
      const source = hot('    -a-bc--------|', attempts);
      const subscription = '  ^------------!';
      const result = '        -----A-------|';
      const failed = '        ----c---b     ';
      const { proving, failures } = setUp(clock, { concurrency: 2 });
      const told = failures.pipe(map(([{ code }, { connection }]) => [code, connection]));
      expectObservable(told).toBe(failed, {
        c: ['RXMESH_TOO_MANY_HANDSHAKES', attempts.c.connection],
        b: ['RXMESH_HANDSHAKE_TIMEOUT', attempts.b.connection],
      });
      expectObservable(source.pipe(proving, named)).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(toA.subscriptions).toBe('-^---!');
      expectSubscriptions(toB.subscriptions).toBe('---^----!');
      expectSubscriptions(toC.subscriptions).toBe([]);
    });
  });

  it.each([
    ['never', '                  -     ', '^', '     -'],
    ['empty', '                  --|   ', '^-!', '   --|'],
    ['one', '                    -a|   ', '^-!', '   ---(A|)'],
    ['many concurrently', '         -a-b-|', '^----!', '---A-(B|)'],
    ['an error, which cancels everything', '-a-b#', ' ^---!', ' ---A#'],
  ])('%s', (_, sourceMarbles, subscription, result) => {
    marbles(({ cold, hot, clock, expectObservable, expectSubscriptions }) => {
      const answering = (peer: Identity) => attempt(cold<Link>('--(l|)', { l: linkTo(peer) }));
      const source = hot(sourceMarbles, { a: answering(a), b: answering(b) });
      const { proving } = setUp(clock);
      expectObservable(source.pipe(proving, named)).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('cancels running handshakes on an early unsubscribe', () => {
    marbles(({ cold, hot, clock, expectObservable, expectSubscriptions, flush }) => {
      const link$ = cold<Link>('     -   ');
      const hangs = attempt(link$);
      const source = hot('    -a---', { a: hangs });
      const subscription = '  ^--! ';
      const result = '        ---- ';
      const { proving, log } = setUp(clock);
      expectObservable(source.pipe(proving), subscription).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(link$.subscriptions).toBe('-^-!');
      flush();
      expect([hangs.connection.closed, log]).toEqual([true, []]);
    });
  });

  it('passes on the dialed address, and none for an accepted connection', () => {
    const proven: Proven[] = [];
    const address: NodeAddress = { protocol: 'fake', id: a.id };
    const [dialed, accepted] = [linkTo(a), linkTo(b)];
    const { proving } = setUp(new VirtualClock());
    const attempts = [attempt(of(dialed), address), attempt(of(accepted))];
    const source = of<Attempt[]>(...attempts);
    source.pipe(proving).subscribe((each) => proven.push(each));
    expect(proven).toEqual([
      { link: dialed, id: a.id, address },
      { link: accepted, id: b.id },
    ]);
    expect(proven[1]).not.toHaveProperty('address');
    // S-04: before it sends our node info.
    expect(attempts.map(({ connection }) => connection.expected)).toEqual([[a.id], [undefined]]);
  });

  it('asks for our node info at each handshake', () => {
    const nodeInfos = [[1], [1, 2]].map((channels) => fakeNodeInfo(own.id, { channels }));
    let next = 0;
    const { proving } = setUp(new VirtualClock(), {
      self: () => ({ identity: own, nodeInfo: nodeInfos[next++] ?? self.nodeInfo }),
    });
    const attempts = nodeInfos.map(() => attempt(NEVER));
    of(...attempts)
      .pipe(proving)
      .subscribe();
    const asked = attempts.flatMap(({ connection }) => connection.selves);
    expect(asked.map(({ nodeInfo }) => nodeInfo)).toEqual(nodeInfos);
  });
});

describe('a handshake that fails', () => {
  const address: NodeAddress = { protocol: 'fake', id: a.id };
  const mismatched = (link: Link) => attempt(of(link), address);
  const remote = 'handshake with fake://192.0.2.1:1';
  const nameless = { ...fakeNodeInfo(a.id), moniker: '' };
  const cases: [string, () => FakeAttempt, string][] = [
    [
      'takes too long',
      () => attempt(NEVER),
      `RXMESH_HANDSHAKE_TIMEOUT ${remote}: no answer within 5 ms`,
    ],
    [
      'completes without a link',
      () => attempt(EMPTY),
      `RXMESH_HANDSHAKE_FAILED ${remote}: the transport completed without a link`,
    ],
    [
      'errors',
      () => attempt(throwError(() => new Error('bad signature'))),
      `RXMESH_HANDSHAKE_FAILED ${remote}: bad signature`,
    ],
  ];

  it.each(cases)('%s', (_, make, failure) => {
    const clock = new VirtualClock();
    const { proving, log } = setUp(clock);
    const made = make();
    const source = new Subject<Attempt>();
    source.pipe(proving).subscribe();
    source.next(made);
    clock.advance(5);
    expect(log).toEqual([failure]);
    expect([made.connection.closed, source.observed]).toEqual([true, true]);
    expect(clock.dueTimesMs).toEqual([]);
  });

  const links: [string, () => FakeLinkEnd, string, string][] = [
    [
      'a different peer than the one dialed',
      () => linkTo(b),
      'RXMESH_IDENTITY_MISMATCH',
      'refused',
    ],
    [
      'a peer with a false node ID',
      () => linkTo(a, { nodeId: b.id }),
      'RXMESH_IDENTITY_MISMATCH',
      'refused',
    ],
    ['this node itself', () => linkTo(own), 'RXMESH_SELF_CONNECTION', 'refused'],
    [
      'a peer on another network',
      () => linkTo(a, { network: 'x' }),
      'RXMESH_INCOMPATIBLE',
      'incompatible',
    ],
    [
      'a peer that shares no channel',
      () => linkTo(a, { channels: [3] }),
      'RXMESH_INCOMPATIBLE',
      'incompatible',
    ],
    ['a malformed node info', () => linkTo(a, nameless), 'RXMESH_NODE_INFO_INVALID', 'refused'],
  ];

  it.each(links)('%s', (_, make, code, reason) => {
    const { proving, log } = setUp(new VirtualClock());
    const link = make();
    const made = mismatched(link);
    const proven: Proven[] = [];
    of<Attempt>(made)
      .pipe(proving)
      .subscribe((each) => proven.push(each));
    expect(log.map((line) => line.split(' ')[0])).toEqual([code]);
    expect(proven).toEqual([]);
    // The peer is told the reason, so the link is closed rather than the connection under it.
    expect(link.closedWith).toEqual({ reason });
    expect(made.connection.closed).toBe(false);
  });

  it('on a connection that throws', () => {
    const { proving, log } = setUp(new VirtualClock());
    const made = attempt(NEVER);
    made.connection.handshake = () => {
      throw new Error('no random numbers');
    };
    of(made).pipe(proving).subscribe();
    expect(log).toEqual([`RXMESH_HANDSHAKE_FAILED ${remote}: no random numbers`]);
    expect(made.connection.closed).toBe(true);
  });

  it('times out after 10 seconds by default, and never with 0', () => {
    const clock = new VirtualClock();
    const codes: string[] = [];
    const onFailure = ({ code }: RxmeshError): unknown => codes.push(code);
    of(attempt(NEVER))
      .pipe(handshake({ self: () => self, clock, onFailure }))
      .subscribe();
    clock.advance(9_999);
    expect(codes).toEqual([]);
    clock.advance(1);
    expect(codes).toEqual(['RXMESH_HANDSHAKE_TIMEOUT']);
    of(attempt(NEVER))
      .pipe(setUp(clock, { timeoutMs: 0 }).proving)
      .subscribe();
    expect(clock.dueTimesMs).toEqual([]);
  });
});

describe('the concurrency of handshakes', () => {
  it('counts only running handshakes', () => {
    const clock = new VirtualClock();
    const { proving, log } = setUp(clock, { concurrency: 1 });
    const source = new Subject<Attempt>();
    source.pipe(proving).subscribe();
    const answer = new Subject<Link>();
    source.next(attempt(answer));
    const refused = attempt(NEVER);
    source.next(refused);
    expect(log).toEqual([
      'RXMESH_TOO_MANY_HANDSHAKES more than 1 handshakes at a time: if these peers are honest, raise the limit',
    ]);
    expect([refused.connection.closed, refused.connection.selves.length]).toEqual([true, 0]);
    answer.next(linkTo(a));
    answer.complete();
    source.next(attempt(NEVER));
    expect(log).toHaveLength(1);
    clock.advance(5);
    expect(log).toHaveLength(2);
    const last = attempt(NEVER);
    source.next(last);
    expect([last.connection.selves.length, log.length]).toEqual([1, 2]);
  });

  it('is also limited per host, and a host without handshakes is forgotten', () => {
    const clock = new VirtualClock();
    const { proving, log } = setUp(clock, { concurrency: 6, concurrencyPerHost: 2 });
    const source = new Subject<Attempt>();
    source.pipe(proving).subscribe();
    const from = (remote: Partial<Endpoint>): FakeConnection => {
      const { connection } = attempt(NEVER);
      Object.assign(connection, { remote: { protocol: 'fake', ...remote } });
      source.next({ connection });
      return connection;
    };
    const isBegun = ({ selves }: FakeConnection): boolean => selves.length === 1;
    const one = [1, 2, 3].map((port) => from({ ip: '192.0.2.1', port }));
    expect(one.map(isBegun)).toEqual([true, true, false]);
    expect(one[2]?.closed).toBe(true);
    // One machine may use any address in its /64.
    const ipv6 = ['2001:db8::1', '2001:db8::2', '2001:db8::ffff:1'].map((ip) => from({ ip }));
    expect(ipv6.map(isBegun)).toEqual([true, true, false]);
    expect(isBegun(from({ ip: '2001:db8:0:1::1' }))).toBe(true);
    expect(isBegun(from({ path: 'somebody' }))).toBe(true);
    expect(isBegun(from({ path: 'somebody else' }))).toBe(false);
    expect(log).toEqual([
      'RXMESH_TOO_MANY_HANDSHAKES more than 2 handshakes with 192.0.2.1 at a time: if these peers are honest, raise the limit',
      'RXMESH_TOO_MANY_HANDSHAKES more than 2 handshakes with 2001:db8::/64 at a time: if these peers are honest, raise the limit',
      'RXMESH_TOO_MANY_HANDSHAKES more than 6 handshakes at a time: if these peers are honest, raise the limit',
    ]);
    clock.advance(5);
    expect([1, 2, 3].map((port) => isBegun(from({ ip: '192.0.2.1', port })))).toEqual([
      true,
      true,
      false,
    ]);
    // Without an address there is no host, so only the overall limit applies.
    expect([1, 2, 3, 4].map(() => isBegun(from({})))).toEqual([true, true, true, true]);
    expect(isBegun(from({}))).toBe(false);
  });

  it('S-03 lets a newcomer displace one that has proved nothing for 500 ms', () => {
    const clock = new VirtualClock();
    const { proving, log } = setUp(clock, { concurrency: 1, timeoutMs: 10_000 });
    const source = new Subject<Attempt>();
    const proven: string[] = [];
    source.pipe(proving, named).subscribe((name) => proven.push(name));
    const [idler, early] = [attempt(NEVER), attempt(NEVER)];
    source.next(idler);
    clock.advance(499);
    source.next(early);
    clock.advance(1);
    source.next(attempt(of(linkTo(a))));
    expect(log).toEqual([
      'RXMESH_TOO_MANY_HANDSHAKES more than 1 handshakes at a time: if these peers are honest, raise the limit',
      'RXMESH_TOO_MANY_HANDSHAKES handshake with fake://192.0.2.1:1: it was displaced by a newer connection',
    ]);
    expect([idler.connection.closed, early.connection.closed, proven]).toEqual([true, true, ['A']]);
    clock.advance(20_000);
    expect(log).toHaveLength(2);
  });

  it('lets the next one start from within the report on the last one', () => {
    const source = new Subject<Attempt>();
    const begun: string[] = [];
    const next = attempt(NEVER);
    const { proving } = setUp(new VirtualClock(), {
      concurrency: 1,
      onFailure: ({ code }) => {
        begun.push(code);
        source.next(attempt(of(linkTo(a))));
      },
    });
    source.pipe(proving, named).subscribe((name) => {
      begun.push(name);
      source.next(next);
    });
    source.next(attempt(EMPTY));
    expect(begun).toEqual(['RXMESH_HANDSHAKE_FAILED', 'A']);
    expect(next.connection.selves.length).toBe(1);
  });

  it('is counted separately for each subscription', () => {
    const { proving, log } = setUp(new VirtualClock(), { concurrency: 1 });
    const proven$ = new Subject<Attempt>();
    const first = proven$.pipe(proving).subscribe();
    proven$.next(attempt(NEVER));
    first.unsubscribe();
    proven$.pipe(proving, take(1)).subscribe();
    proven$.next(attempt(NEVER));
    expect(log).toEqual([]);
  });
});

trackLeaks();
