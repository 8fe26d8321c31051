import { describe, expect, it } from '@jest/globals';
import { EMPTY, NEVER, Subject } from 'rxjs';
import { Switchboard } from '../../lib/channel/switchboard.ts';
import { systemClock } from '../../lib/flow/clock.ts';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { block, dropOldest, fail, latest } from '../../lib/flow/strategy.ts';
import * as operators from '../../operators/index.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

type Options = Readonly<Record<string, unknown>>;

/** An option, and what it must be in the words of the error. */
type Kinds = Readonly<Record<string, string>>;

interface OperatorCase {
  readonly name: string;
  /** Makes the operator; the options may be invalid. */
  readonly make: (options?: never) => unknown;
  /** All options with valid values. */
  readonly right: Options;
  readonly kinds: Kinds;
  /** The required options. */
  readonly required?: readonly string[];
  /** Numbers out of range, and lanes that do not suit values. */
  readonly outOfRange: readonly Options[];
}

const ignore = (): void => undefined;
const aFunction = 'a function';
const aNumber = 'a number';
const aLane = 'a lane such as dropOldest(64)';
const anAbsentPolicy = "'wait', 'drop' or { waitMs }, with milliseconds from 1 to 2^31 - 1";
const aClock = 'a clock, with the functions now, schedule and afterTurn';

const node = new LinkedNode();
const channel = open(node);
const switchboard = new Switchboard({ self: idOf(0) });

const lanesOutOfRange: readonly Options[] = [
  { strategy: 'fail', capacity: 0 },
  { strategy: 'fail', capacity: 1.5 },
  { strategy: 'dropOldest', capacity: 2 ** 20 + 1 },
  { ...fail(1, { bytes: 1 }) },
  { ...dropOldest(1, { messagesPerSecond: 1 }) },
  { ...latest({ bytesPerSecond: 1 }) },
].map((buffer) => ({ buffer }));
const lanesOfOthers = [...lanesOutOfRange, { buffer: block(1) }];

const cases: readonly OperatorCase[] = [
  {
    name: 'accept',
    make: (options = {} as never) => operators.accept(options),
    right: {
      clock: systemClock,
      timeoutMs: 0,
      concurrency: 1,
      concurrencyPerHost: 1,
      claim: ignore,
      switchboard,
      onFailure: ignore,
    },
    kinds: {
      clock: aClock,
      timeoutMs: aNumber,
      concurrency: aNumber,
      concurrencyPerHost: aNumber,
      claim: aFunction,
      switchboard: 'a Switchboard',
      onFailure: aFunction,
    },
    required: ['switchboard', 'onFailure'],
    outOfRange: [
      ...[-1, NaN, 2 ** 31].map((timeoutMs) => ({ timeoutMs })),
      { concurrency: 0 },
      { concurrencyPerHost: NaN },
    ],
  },
  {
    name: 'admit',
    make: (options = {} as never) => operators.admit(() => true, options),
    right: { clock: systemClock, timeoutMs: 0, concurrency: 1, onRefused: ignore },
    kinds: { clock: aClock, timeoutMs: aNumber, concurrency: aNumber, onRefused: aFunction },
    required: ['onRefused'],
    outOfRange: [{ timeoutMs: -1 }, { concurrency: 0 }, { concurrency: NaN }],
  },
  {
    name: 'batch',
    make: (options = {} as never) => operators.batch(options),
    right: { max: 1, ms: 0, clock: systemClock },
    kinds: { max: aNumber, ms: aNumber, clock: aClock },
    required: ['max'],
    outOfRange: [
      ...[0, -1, 1.5, NaN, Infinity, 2 ** 20 + 1].map((max) => ({ max })),
      ...[-1, NaN, 2 ** 31].map((ms) => ({ ms })),
    ],
  },
  {
    name: 'boundedMergeMap',
    make: (options) => operators.boundedMergeMap(() => EMPTY, options),
    right: { concurrency: Infinity, key: ignore, buffer: fail(1), onDrop: ignore },
    kinds: { concurrency: aNumber, key: aFunction, buffer: aLane, onDrop: aFunction },
    outOfRange: [...[0, -1, 0.5, NaN].map((concurrency) => ({ concurrency })), ...lanesOfOthers],
  },
  {
    name: 'dial',
    make: (options = {} as never) => operators.dial(options),
    right: {
      transports: [],
      clock: systemClock,
      resolve: () => NEVER,
      resolveTimeoutMs: 0,
      dialTimeoutMs: 0,
      onFailure: ignore,
    },
    kinds: {
      transports: 'an array of transports',
      clock: aClock,
      resolve: aFunction,
      resolveTimeoutMs: aNumber,
      dialTimeoutMs: aNumber,
      onFailure: aFunction,
    },
    required: ['transports', 'onFailure'],
    outOfRange: [{ resolveTimeoutMs: -1 }, { dialTimeoutMs: NaN }],
  },
  {
    name: 'handshake',
    make: (options = {} as never) => operators.handshake(options),
    right: {
      self: ignore,
      clock: systemClock,
      timeoutMs: 0,
      concurrency: 1,
      concurrencyPerHost: 1,
      onFailure: ignore,
    },
    kinds: {
      self: aFunction,
      clock: aClock,
      timeoutMs: aNumber,
      concurrency: aNumber,
      concurrencyPerHost: aNumber,
      onFailure: aFunction,
    },
    required: ['self', 'onFailure'],
    outOfRange: [{ timeoutMs: -1 }, { concurrency: 0 }, { concurrencyPerHost: NaN }],
  },
  {
    name: 'onBackpressure',
    make: (options) => operators.onBackpressure(latest(), options),
    right: { onDrop: ignore, key: ignore, keysMax: 1 },
    kinds: { onDrop: aFunction, key: aFunction, keysMax: aNumber },
    outOfRange: [0, 1.5, NaN, 2 ** 20 + 1].map((keysMax) => ({ keysMax })),
  },
  {
    name: 'pipeTo',
    make: (options) => operators.pipeTo(channel, options),
    right: {
      buffer: fail(1),
      onDrop: ignore,
      absent: { waitMs: 1 },
      tooLarge: 'fail',
      clock: systemClock,
    },
    kinds: {
      buffer: aLane,
      onDrop: aFunction,
      absent: anAbsentPolicy,
      tooLarge: "'drop' or 'fail'",
      clock: aClock,
    },
    outOfRange: lanesOfOthers,
  },
  {
    name: 'rateLimit',
    make: (options = {} as never) => operators.rateLimit(options),
    right: {
      perSecond: 1,
      burst: 1,
      cost: ignore,
      key: ignore,
      excess: 'drop',
      onDrop: ignore,
      clock: systemClock,
    },
    kinds: {
      perSecond: aNumber,
      burst: aNumber,
      cost: aFunction,
      key: aFunction,
      excess: "'drop' or 'wait'",
      onDrop: aFunction,
      clock: aClock,
    },
    required: ['perSecond'],
    outOfRange: [{ perSecond: 0 }, { perSecond: Infinity }, { burst: -1 }, { burst: NaN }],
  },
  {
    name: 'shareFlow',
    make: (options) => operators.shareFlow(options),
    right: { buffer: block(1), onDrop: ignore },
    kinds: { buffer: aLane, onDrop: aFunction },
    outOfRange: lanesOutOfRange,
  },
  {
    name: 'toReadableStream',
    make: (options) => operators.toReadableStream(flowFrom([1]), options),
    right: { highWaterMark: 1 },
    kinds: { highWaterMark: aNumber },
    outOfRange: [-1, NaN].map((highWaterMark) => ({ highWaterMark })),
  },
];

/** Values of none of the kinds, with their names in errors. */
const wrong: readonly [string, unknown][] = [
  ['null', null],
  ['"4"', '4'],
  ['true', true],
  ['an object', {}],
  ['a Subject', new Subject()],
];

/** Values that resemble an option of their kind but are invalid. */
const almost: Readonly<Record<string, readonly [string, unknown][]>> = {
  [aLane]: [
    ['a function', dropOldest],
    ['64', 64],
    ['an object', { strategy: 'block' }],
    ['an object', { strategy: 'stop', capacity: 1 }],
    ['an object', { strategy: 'fail', capacity: '1' }],
    ['an object', { strategy: 'fail', capacity: 1, byte: 1 }],
  ],
  [aClock]: [['an object', { now: ignore, schedule: ignore }]],
  'an array of transports': [['an array', [{ protocols: ['ws'] }]]],
  "'drop' or 'wait'": [['"block"', 'block']],
};

describe.each(cases)('the options of $name', (operator) => {
  const { name, right, kinds, required = [], outOfRange } = operator;
  const making = (options: unknown) => () => operator.make(options as never);

  it('accept valid values and may be omitted', () => {
    expect(Object.keys(right)).toEqual(Object.keys(kinds));
    expect(making(right)).not.toThrow();
    const rest = Object.keys(right).filter((each) => !required.includes(each));
    expect(
      making({ ...right, ...Object.fromEntries(rest.map((each) => [each, undefined])) }),
    ).not.toThrow();
    if (required.length === 0) expect(making(undefined)).not.toThrow();
  });

  it.each([
    ['4', 4],
    ['null', null],
    ['"max"', 'max'],
    ['a function', ignore],
    ['an array', []],
  ])('must be an object: not %s', (got, options) => {
    expectTypeError(making(options), `${name}: options must be an object, got ${got}`);
  });

  it('must be known names', () => {
    const names = Object.keys(kinds).join(', ');
    const hint = 'concurrency' in kinds ? ' (did you mean concurrency?)' : '';
    const text = `${name}: there is no option concurency${hint}; it takes ${names}`;
    expectTypeError(making({ ...right, concurency: 4 }), text);
  });

  it.each(Object.entries(kinds))('%s must be %s', (option, kind) => {
    for (const [got, value] of [...wrong, ...(almost[kind] ?? [])]) {
      const text = `${name}: ${option} must be ${kind}, got ${got}`;
      expectTypeError(making({ ...right, [option]: value }), text);
    }
  });

  it.each(outOfRange)('%j is out of range', (options) => {
    const other = Object.fromEntries(Object.entries(right).filter(([each]) => each !== 'key'));
    expect(making({ ...other, ...options })).toThrow(RangeError);
  });
});

const needed = cases.flatMap((operator) =>
  (operator.required ?? []).map((option) => ({ ...operator, option })),
);

describe('required options', () => {
  it.each(needed)('$name: $option', ({ name, make, right, kinds, option }) => {
    const rest = Object.fromEntries(Object.entries(right).filter(([each]) => each !== option));
    const text = `${name}: ${option} must be ${kinds[option] ?? ''}, got undefined`;
    expectTypeError(() => make(rest as never), text);
  });
});

describe('the arguments of operators', () => {
  it.each<[string, () => unknown, string]>([
    [
      'boundedMergeMap',
      () => operators.boundedMergeMap({} as never),
      'project must be a function, got an object',
    ],
    [
      'boundedMergeMap',
      () => operators.boundedMergeMap(undefined as never, { concurrency: 0 }),
      'project must be a function, got undefined',
    ],
    [
      'evict',
      () => operators.evict(node as never),
      'switchboard must be a Switchboard, got a LinkedNode',
    ],
    [
      'route',
      () => operators.route({} as never),
      'switchboard must be a Switchboard, got an object',
    ],
    [
      'fromReadableStream',
      () => operators.fromReadableStream([1] as never),
      'stream must be a ReadableStream, got an array',
    ],
    [
      'onBackpressure',
      () => operators.onBackpressure('latest' as never),
      'strategy must be a lane such as dropOldest(64), got "latest"',
    ],
    [
      'onBackpressure',
      () => operators.onBackpressure(latest as never),
      'strategy must be a lane such as dropOldest(64), got a function',
    ],
    [
      'pipeTo',
      () => operators.pipeTo({} as never),
      'channel must be one that openChannel returned',
    ],
    [
      'toReadableStream',
      () => operators.toReadableStream(NEVER as never),
      'flow must be a flow, got an Observable; onBackpressure makes one of an Observable',
    ],
  ])('%s', (name, make, text) => {
    expectTypeError(make, `${name}: ${text}`);
  });

  it('are tested here or in another spec for every exported operator', () => {
    // spec/operators/envelopes.spec.ts covers the operators on envelopes.
    const beside = [
      'broadcast',
      'decode',
      'dedupe',
      'encode',
      'ofKind',
      'relay',
      'reply',
      'sendTo',
    ];
    const here = [...cases.map(({ name }) => name), 'evict', 'route', 'fromReadableStream'];
    const tested = [...here, ...beside, 'accessList', 'unwrap', 'wrap'];
    expect([...tested].sort()).toEqual(Object.keys(operators).sort());
  });
});

/** Checks type and text, since `toThrow` with an error compares only the text. */
function expectTypeError(make: () => unknown, text: string): void {
  expect(make).toThrow(TypeError);
  expect(make).toThrow(new TypeError(text));
}
