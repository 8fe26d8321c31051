import { describe, expect, it } from '@jest/globals';
import { EMPTY, map, range, Subject, take, type OperatorFunction } from 'rxjs';
import { json } from '../../lib/codec/json.ts';
import type { Wrapper } from '../../lib/codec/wrapper.ts';
import { noDemand } from '../../lib/flow/demand.ts';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { Flow } from '../../lib/flow/flow.ts';
import type { InboundEnvelope } from '../../lib/model/envelope.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { broadcast } from '../../operators/broadcast.ts';
import { decode } from '../../operators/decode.ts';
import { dedupe } from '../../operators/dedupe.ts';
import { encode } from '../../operators/encode.ts';
import { ofKind } from '../../operators/of-kind.ts';
import { relay } from '../../operators/relay.ts';
import { reply } from '../../operators/reply.ts';
import { sendTo } from '../../operators/send-to.ts';
import { unwrap } from '../../operators/unwrap.ts';
import { wrap } from '../../operators/wrap.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf } from '../support/linked-node.ts';
import { marbles } from '../support/marbles.ts';

// What all operators on envelopes have in common; each has its own spec for the rest.

/** Three values, keyed by the letters of their marbles. */
interface Letters<T> {
  readonly a: T;
  readonly b: T;
  readonly c: T;
}
const letters = <T>(of: (letter: string) => T): Letters<T> => ({
  a: of('a'),
  b: of('b'),
  c: of('c'),
});

/** An operator with its inputs and the outputs expected for them. */
interface Case<A, B> {
  readonly operator: OperatorFunction<A, B>;
  readonly ins: Letters<A>;
  readonly outs: Letters<B>;
}

/** A test that works for any operator. */
type Test = <A, B>(subject: Case<A, B>) => void;

/** Runs a test with an operator whose types are known only here. */
type Run = (test: Test) => void;

const row = <A, B>(
  name: string,
  operator: OperatorFunction<A, B>,
  inOf: (letter: string) => A,
  outOf: (letter: string) => B,
): [string, Run] => [name, (test) => test({ operator, ins: letters(inOf), outs: letters(outOf) })];

const peer = idOf(1);
const id = idOf(2);
const itself = (letter: string): string => letter;
const direct = <T>(message: T) => ({ to: id, message });
const toAll = <T>(message: T) => ({ broadcast: true as const, except: peer, message });
const inbound = <T>(message: T): InboundEnvelope<T> => ({ from: peer, message });
const quoted: Wrapper<{ readonly text: string }, string> = {
  wrap: (text) => ({ text }),
  unwrap: ({ text }) => text,
};
const codec = json<string>();
const kinded = (letter: string) => ({ kind: 'letter' as const, letter });
const unexpected = (error: unknown): never => {
  throw error as Error;
};
const onFailure = unexpected;

const rows: readonly [string, Run][] = [
  row('broadcast()', broadcast(), itself, (message) => ({ broadcast: true as const, message })),
  row('broadcast({ except })', broadcast({ except: peer }), itself, toAll),
  row('sendTo(id)', sendTo(id), itself, direct),
  row(
    'sendTo(function)',
    sendTo<string>(() => id),
    itself,
    direct,
  ),
  row('relay()', relay<string>(), inbound, toAll),
  row(
    'reply(project)',
    reply((letter: string) => `${letter}!`),
    inbound,
    (letter) => ({ to: peer, message: `${letter}!` }),
  ),
  row(
    'ofKind(kind)',
    ofKind<ReturnType<typeof kinded>, 'letter'>('letter'),
    (letter) => inbound(kinded(letter)),
    (letter) => inbound(kinded(letter)),
  ),
  row('encode(codec)', encode(codec), direct, (letter) => direct(codec.encode(letter))),
  row(
    'decode(codec)',
    decode(codec, { onFailure }),
    (text) => inbound(codec.encode(text)),
    inbound,
  ),
  row('wrap(wrapper)', wrap(quoted), toAll, (text) => toAll({ text })),
  row('unwrap(wrapper)', unwrap(quoted, { onFailure }), (text) => inbound({ text }), inbound),
  row('dedupe', dedupe<string>({ key: itself, max: 3 }), itself, itself),
];

describe.each(rows)('%s', (_name, run) => {
  it.each([
    ['a source that never emits', '-', '        ^', '        -'],
    ['an empty source', '          --|', '      ^-!', '      --|'],
    ['one value', '                -a|', '      ^-!', '      -a|'],
    ['many values', '               a-b--(c|)', ' ^----!', '  a-b--(c|)'],
    ['an error', '                 -a-#', '     ^--!', '     -a-#'],
  ])('handles %s', (_, sourceMarbles, subscription, result) => {
    run(({ operator, ins, outs }) =>
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot(sourceMarbles, { ...ins });
        expectObservable(source.pipe(operator)).toBe(result, { ...outs });
        expectSubscriptions(source.subscriptions).toBe(subscription);
      }),
    );
  });

  it('unsubscribes early', () => {
    run(({ operator, ins, outs }) =>
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('    -a-b-', { ...ins });
        const subscription = '  ^-!  ';
        const result = '        -a-  ';
        expectObservable(source.pipe(operator), subscription).toBe(result, { ...outs });
        expectSubscriptions(source.subscriptions).toBe(subscription);
      }),
    );
  });

  it('stops an endless synchronous source', () => {
    run(({ operator, ins, outs }) => {
      const heard: unknown[] = [];
      const all = [ins.a, ins.b, ins.c];
      range(0, Infinity)
        .pipe(
          map((i) => all[i % 3] ?? ins.a),
          operator,
          take(2),
        )
        .subscribe((value) => heard.push(value));
      expect(heard).toEqual([outs.a, outs.b]);
    });
  });

  it('handles what its consumer makes the source emit', () => {
    run(({ operator, ins, outs }) => {
      const source = new Subject<typeof ins.a>();
      const heard: unknown[] = [];
      source.pipe(operator).subscribe((value) => {
        heard.push(value);
        if (heard.length === 1) source.next(ins.b);
        heard.push('returned');
      });
      source.next(ins.a);
      expect(heard).toEqual([outs.a, outs.b, 'returned', 'returned']);
    });
  });

  it('carries demand: requests as many values as are requested of it', () => {
    run(({ operator, ins, outs }) => {
      const numbers = new Numbers(3);
      const all = [ins.a, ins.b, ins.c];
      const flow = flowFrom(numbers).pipe(
        map((i) => all[i] ?? ins.a),
        operator,
      );
      const { heard, demand } = consume(flow);
      expect([heard, numbers.calls]).toEqual([[], 0]);
      demand.request(1);
      expect([heard, numbers.calls]).toEqual([[outs.a], 1]);
      demand.request(3);
      expect([heard, numbers.open]).toEqual([[outs.a, outs.b, outs.c, '|'], 0]);
    });
  });

  it('carries demand: unsubscribes from the source when its consumer leaves', () => {
    run(({ operator, ins }) => {
      const numbers = new Numbers(Infinity);
      const flow = flowFrom(numbers).pipe(
        map(() => ins.a),
        operator,
      );
      const { demand } = consume(flow, () => demand.unsubscribe());
      demand.request(1);
      expect([numbers.calls, numbers.open]).toEqual([1, 0]);
    });
  });

  it('carries demand: passes on the error of the source', () => {
    run(({ operator, ins, outs }) => {
      const flow = flowFrom(new Numbers(1, new Error('lost'))).pipe(
        map(() => ins.a),
        operator,
      );
      const { heard, demand } = consume(flow);
      demand.request(2);
      expect(heard).toEqual([outs.a, 'Error: lost']);
    });
  });

  it('turns a flow into a flow with the same clock', () => {
    run(({ operator }) => {
      const clock = new VirtualClock();
      const flow = new Flow<never>(() => noDemand, undefined, { clock }).pipe(operator);
      expect(flow).toBeInstanceOf(Flow);
      expect(flow.clock).toBe(clock);
    });
  });
});

const throws = (): never => {
  throw 'error' as unknown as Error;
};

/** Expects the first value to end the result with an error. */
const fails = <A, B>(operator: OperatorFunction<A, B>, inOf: (letter: string) => A) => {
  return () =>
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a-b-', { ...letters(inOf) });
      const subscription = '  ^!   ';
      const result = '        -#   ';
      expectObservable(source.pipe(operator)).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
};

describe('an error thrown by a function that makes values becomes the error of the result', () => {
  it.each([
    ['sendTo(throws)', fails(sendTo<string>(throws), itself)],
    ['reply(throws)', fails(reply(throws), inbound)],
  ])('%s', (_, test) => test());
});

describe('invalid options throw a TypeError immediately', () => {
  // Options that plain JavaScript allows.
  const options = (given: unknown): never => given as never;
  it.each([
    [
      'broadcast: there is no option exept (did you mean except?); it takes except',
      () => broadcast(options({ exept: id })),
    ],
    ['broadcast: options must be an object, got "peer"', () => broadcast(options('peer'))],
    ['broadcast: options must be an object, got null', () => broadcast(options(null))],
    [
      'broadcast: except must be a node ID or a list of them, got 4',
      () => broadcast(options({ except: 4 })),
    ],
    [
      'broadcast: except must be a node ID or a list of them, got an array',
      () => broadcast(options({ except: [id, 4] })),
    ],
    [
      `broadcast: except must be a node ID or a list of them, got "memory:${id}"`,
      () => broadcast(options({ except: `memory:${id}` })),
    ],
    ['sendTo: peer must be a node ID or a function, got 4', () => sendTo(options(4))],
    [
      'sendTo: peer must be a node ID or a function, got undefined',
      () => sendTo(options(undefined)),
    ],
    [
      'sendTo: peer must be a node ID or a function, got an object',
      () => sendTo(options({ to: id })),
    ],
    ['reply: project must be a function, got "hello"', () => reply(options('hello'))],
    ['ofKind: name at least one kind', () => void Reflect.apply(ofKind, undefined, [])],
    ['ofKind: a kind must be a string, got 4', () => ofKind('move', options(4))],
    ['ofKind: a kind must be a string, got an array', () => ofKind(options(['move']))],
    ['encode: codec.encode must be a function, got undefined', () => encode(options({}))],
    [
      'encode: codec must be an object with a method encode, got undefined',
      () => encode(options(undefined)),
    ],
    [
      'encode: codec must be an object with a method encode, got a function',
      () => encode(options(json)),
    ],
    [
      'encode: there is no option onfailure (did you mean onFailure?); it takes onFailure',
      () => encode(codec, options({ onfailure: throws })),
    ],
    [
      'encode: onFailure must be a function, got true',
      () => encode(codec, options({ onFailure: true })),
    ],
    [
      'decode: codec.decode must be a function, got undefined',
      () => decode(options({}), { onFailure }),
    ],
    ['decode: options must be an object, got undefined', () => decode(codec, options(undefined))],
    ['decode: onFailure must be a function, got undefined', () => decode(codec, options({}))],
    [
      'decode: there is no option onError; it takes onFailure',
      () => decode(codec, options({ onError: throws, onFailure })),
    ],
    [
      'wrap: wrapper.wrap must be a function, got undefined',
      () => wrap(options({ unwrap: throws })),
    ],
    ['wrap: wrapper must be an object with a method wrap, got null', () => wrap(options(null))],
    [
      'wrap: there is no option onfailure (did you mean onFailure?); it takes onFailure',
      () => wrap(quoted, options({ onfailure: throws })),
    ],
    [
      'wrap: onFailure must be a function, got an object',
      () => wrap(quoted, options({ onFailure: {} })),
    ],
    [
      'unwrap: wrapper.unwrap must be a function, got undefined',
      () => unwrap(options({ wrap: throws }), { onFailure }),
    ],
    ['unwrap: options must be an object, got undefined', () => unwrap(quoted, options(undefined))],
    ['unwrap: onFailure must be a function, got undefined', () => unwrap(quoted, options({}))],
    [
      'unwrap: there is no option max; it takes onFailure',
      () => unwrap(quoted, options({ max: 1, onFailure })),
    ],
  ])('%s', (message, make) => {
    expect(make).toThrow(new TypeError(message));
    expect(make).toThrow(TypeError);
  });

  it('even before anything is subscribed', () => {
    expect(() => EMPTY.pipe(broadcast(options({ exept: id })))).toThrow(TypeError);
  });
});

trackLeaks();
