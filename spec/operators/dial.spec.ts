import { describe, expect, it } from '@jest/globals';
import { map, NEVER, type Observable, of, Subject, throwError } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import { parseNodeAddress, type NodeAddress } from '../../lib/model/address.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import type { Attempt } from '../../lib/transport/attempt.ts';
import type { Connection } from '../../lib/transport/transport.ts';
import { dial, type DialOptions } from '../../operators/dial.ts';
import { FakeConnection, FakeTransport } from '../support/fake-connection.ts';
import { fakeId } from '../support/fake-link-end.ts';
import { marbles } from '../support/marbles.ts';
import { trackLeaks } from '../support/leaks.ts';

const addresses: Readonly<Record<'a' | 'b', NodeAddress>> = {
  a: parseNodeAddress(`fake://${fakeId('a')}@one.example`),
  b: parseNodeAddress(`fake://${fakeId('b')}@two.example`),
};
const { a, b } = addresses;
const connection = new FakeConnection();
const place = (ip: string): Endpoint => ({ protocol: 'fake', ip, port: 1 });

/** A node whose dials to an IP behave as `answers` says, and what `dial` reported. */
function setUp(
  clock: Clock,
  answers: Readonly<Record<string, Observable<Connection>>>,
  options: Partial<DialOptions> = {},
) {
  const transport = new FakeTransport(({ ip = '' }) => answers[ip] ?? NEVER);
  const failures = new Subject<RxmeshError>();
  const log: string[] = [];
  failures.subscribe(({ code, message }) => log.push(`${code} ${message}`));
  const dialing = dial({
    transports: [new FakeTransport(() => NEVER, ['other']), transport],
    clock,
    resolve: () => of(Object.keys(answers).map(place)),
    dialTimeoutMs: 5,
    onFailure: (error) => failures.next(error),
    ...options,
  });
  return { transport, failures, log, dialing };
}

const named = map(({ address, connection: made }: Attempt) =>
  made === connection ? (address?.id.slice(0, 1) ?? 'nobody') : 'another connection',
);
const told = map(({ code, peer }: RxmeshError) => `${peer?.slice(0, 1) ?? 'nobody'} ${code}`);

describe('dial', () => {
  it('does what its marble shows', () => {
    marbles(({ cold, hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a--b--------|', addresses);
      const subscription = '  ^------------!';
      const toA = cold('       ---(c|)      ', { c: connection });
      const toB = cold<Connection>('          --#       ', {}, new Error('nobody there'));
      const result = '        ----A--------|';
      const failed = '        ------b       ';
      const resolve: DialOptions['resolve'] = ({ id }) => of([place(id.slice(0, 1))]);
      const { dialing, failures } = setUp(clock, { a: toA, b: toB }, { resolve });
      expectObservable(failures.pipe(told)).toBe(failed, { b: 'b RXMESH_DIAL_FAILED' });
      expectObservable(source.pipe(dialing, named)).toBe(result, { A: 'a' });
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(toA.subscriptions).toBe('-^--!');
      expectSubscriptions(toB.subscriptions).toBe('----^-!');
    });
  });

  it.each([
    ['never', '                         -   ', '^', '  -'],
    ['empty', '                         --| ', '^-!', '--|'],
    ['one', '                           -a| ', '^-!', '---(a|)'],
    ['many concurrently', '                -ab|', '^--!', '---a(b|)'],
    ['an error, which cancels running dials', '-a--b#', '^----!', '---a-#'],
  ])('%s', (_, sourceMarbles, subscription, result) => {
    marbles(({ cold, hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot(sourceMarbles, addresses);
      const slow = cold('--(c|)', { c: connection });
      const { dialing } = setUp(clock, { '192.0.2.1': slow });
      expectObservable(source.pipe(dialing, named)).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('cancels running dials on an early unsubscribe', () => {
    marbles(({ cold, hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a---', addresses);
      const subscription = '  ^--! ';
      const hangs = cold<Connection>('     -   ');
      const hanging = '       -^-! ';
      const result = '        ---- ';
      const { dialing } = setUp(clock, { '192.0.2.1': hangs });
      expectObservable(source.pipe(dialing), subscription).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      expectSubscriptions(hangs.subscriptions).toBe(hanging);
    });
  });

  it('dials the endpoints in turn, each with its own timeout, and stops at the first that answers', () => {
    marbles(({ cold, hot, clock, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a---------------|', addresses);
      const subscription = '  ^----------------!';
      const refuses = cold<Connection>('   --#              ');
      const hangs = cold<Connection>('       -              ');
      const nothing = cold<Connection>('          -|        ');
      const answers = cold('           --(c|)   ', { c: connection });
      const unneeded = cold<Connection>('            -      ');
      const subscriptions = [
        '                     -^-!             ',
        '                     ---^----!        ',
        '                     --------^!       ',
        '                     ---------^-!     ',
      ];
      const result = '        -----------a-----|';
      const dials = [refuses, hangs, nothing, answers, unneeded];
      const byIp = Object.fromEntries(dials.map((each, i) => [`192.0.2.${i}`, each]));
      const { dialing, failures } = setUp(clock, byIp);
      expectObservable(failures).toBe('-');
      expectObservable(source.pipe(dialing, named)).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      [refuses, hangs, nothing, answers].forEach((each, i) => {
        expectSubscriptions(each.subscriptions).toBe(subscriptions[i] ?? '');
      });
      expectSubscriptions(unneeded.subscriptions).toBe([]);
    });
  });

  it('does not cut off a dial that has been answered', () => {
    const answer = new Subject<Connection>();
    const { dialing, transport } = setUp(new VirtualClock(), { '192.0.2.1': answer });
    const heard: string[] = [];
    of(a)
      .pipe(dialing, named)
      .subscribe((name) => heard.push(name));
    answer.next(connection);
    expect(heard).toEqual(['a']);
    expect(transport.live).toBe(1);
    answer.complete();
    expect(transport.live).toBe(0);
  });
});

describe('a dial that fails', () => {
  const ip = '192.0.2.1';
  const one = { [ip]: NEVER };
  const text = `fake://${fakeId('a')}@one.example`;
  const cases: [string, Record<string, Observable<Connection>>, Partial<DialOptions>, string][] = [
    [
      'has no transport',
      one,
      { transports: [] },
      `RXMESH_PROTOCOL_UNKNOWN no transport dials ${text}; the protocols are none`,
    ],
    ['has no endpoint', {}, {}, `RXMESH_RESOLVE_FAILED resolving ${text}: no endpoint was found`],
    [
      'has an address that resolves to no endpoint',
      one,
      { resolve: () => of() },
      `RXMESH_RESOLVE_FAILED resolving ${text}: no endpoint was found`,
    ],
    [
      'has an address that does not resolve',
      one,
      { resolve: () => throwError(() => new Error('no such host')) },
      `RXMESH_RESOLVE_FAILED resolving ${text}: no such host`,
    ],
    [
      'has a `resolve` that throws',
      one,
      {
        resolve: () => {
          throw new Error('no such host');
        },
      },
      `RXMESH_RESOLVE_FAILED resolving ${text}: no such host`,
    ],
    [
      'has an rxmesh error, which is kept',
      one,
      { resolve: () => throwError(() => new RxmeshError('RXMESH_ADDRESS_INVALID', 'as it is')) },
      'RXMESH_ADDRESS_INVALID as it is',
    ],
    [
      'takes too long to resolve',
      one,
      { resolve: () => NEVER, resolveTimeoutMs: 7 },
      `RXMESH_RESOLVE_TIMEOUT resolving ${text}: no answer within 7 ms`,
    ],
    [
      'takes longer to resolve than the default',
      one,
      { resolve: () => NEVER },
      `RXMESH_RESOLVE_TIMEOUT resolving ${text}: no answer within 5000 ms`,
    ],
    [
      'gets no answer',
      one,
      {},
      'RXMESH_DIAL_TIMEOUT fake://192.0.2.1:1 did not answer within 5 ms',
    ],
    [
      'fails at every endpoint, and reports all of them',
      {
        '192.0.2.2': throwError(() => new Error('first')),
        [ip]: throwError(() => new Error('last')),
      },
      {},
      `RXMESH_DIAL_FAILED none of the 2 endpoints of ${text} could be dialed: dialing fake://192.0.2.2:1: first; dialing fake://192.0.2.1:1: last`,
    ],
    [
      'completes without a connection',
      { [ip]: of() },
      {},
      'RXMESH_DIAL_FAILED dialing fake://192.0.2.1:1: the transport completed without a connection',
    ],
  ];

  it.each(cases)('%s', (_, answers, options, failure) => {
    const clock = new VirtualClock();
    const { dialing, log, transport } = setUp(clock, answers, options);
    const source = new Subject<NodeAddress>();
    source.pipe(dialing).subscribe();
    source.next(a);
    clock.advance(10_000);
    expect(log).toEqual([failure]);
    expect([transport.live, source.observed]).toEqual([0, true]);
    expect(clock.dueTimesMs).toEqual([]);
  });

  it('has a transport that throws', () => {
    const { dialing, log, transport } = setUp(new VirtualClock(), one);
    transport.dial = () => {
      throw new Error('out of sockets');
    };
    of(a).pipe(dialing).subscribe();
    expect(log).toEqual(['RXMESH_DIAL_FAILED dialing fake://192.0.2.1:1: out of sockets']);
  });

  it('has the error of each endpoint as its cause, and lists four in its message', () => {
    const clock = new VirtualClock();
    const ips = [1, 2, 3, 4, 5, 6].map((last) => `192.0.2.${last}`);
    const answers = Object.fromEntries(
      ips.map((one) => [one, one.endsWith('6') ? NEVER : throwError(() => new Error(`no ${one}`))]),
    );
    const { dialing, failures } = setUp(clock, answers);
    const heard: RxmeshError[] = [];
    failures.subscribe((error) => heard.push(error));
    of(a).pipe(dialing).subscribe();
    clock.advance(5);
    const [error] = heard;
    const four = ips.slice(0, 4).map((one) => `dialing fake://${one}:1: no ${one}`);
    expect(error?.message).toBe(
      `none of the 6 endpoints of ${text} could be dialed: ${four.join('; ')}; and 2 more`,
    );
    expect([error?.code, error?.peer]).toEqual(['RXMESH_DIAL_TIMEOUT', a.id]);
    const { errors } = error?.cause as AggregateError;
    expect(errors.map((each) => (each as RxmeshError).code)).toEqual([
      ...Array.from({ length: 5 }, () => 'RXMESH_DIAL_FAILED'),
      'RXMESH_DIAL_TIMEOUT',
    ]);
  });

  it('may take indefinitely when there is no limit', () => {
    const clock = new VirtualClock();
    const { dialing } = setUp(clock, one, { dialTimeoutMs: 0, resolveTimeoutMs: 0 });
    of(a).pipe(dialing).subscribe();
    expect(clock.dueTimesMs).toEqual([]);
  });

  it('has 5 seconds per endpoint by default', () => {
    const clock = new VirtualClock();
    const failures: string[] = [];
    const transport = new FakeTransport();
    const onFailure = ({ code }: RxmeshError): unknown => failures.push(code);
    const resolve = () => of([place(ip), place(ip)]);
    of(a)
      .pipe(dial({ transports: [transport], clock, resolve, onFailure }))
      .subscribe();
    clock.advance(9_999);
    expect([transport.dials.length, failures.length]).toEqual([2, 0]);
    clock.advance(1);
    expect(failures).toEqual(['RXMESH_DIAL_TIMEOUT']);
  });

  it('may dial the next address from its `onFailure`', () => {
    const source = new Subject<NodeAddress>();
    const heard: string[] = [];
    const resolve: DialOptions['resolve'] = ({ id }) => of(id === a.id ? [] : [place(ip)]);
    const onFailure = (): void => source.next(b);
    const answers = { [ip]: of<Connection>(connection) };
    const { dialing } = setUp(new VirtualClock(), answers, { resolve, onFailure });
    source.pipe(dialing, named).subscribe((name) => heard.push(name));
    source.next(a);
    expect(heard).toEqual(['b']);
  });
});

describe('the options of dial', () => {
  it.each([{ resolveTimeoutMs: Infinity }, { dialTimeoutMs: 2 ** 31 }, { dialTimeoutMs: NaN }])(
    'are rejected if they are %p',
    (options) => {
      const required = { transports: [], onFailure: () => undefined };
      expect(() => dial({ ...required, ...options })).toThrow(RangeError);
    },
  );
});

trackLeaks();
