import { describe, expect, it } from '@jest/globals';
import { type Codec, flowFrom, json } from 'rxmesh';
import { CallError, type Calls, calls } from 'rxmesh/calls';
import { simulate } from 'rxmesh/testing';
import { NEVER, noop, Subject } from 'rxjs';
import { type Frame, kinds } from '../../lib/calls/frame.ts';
import { frameCodec } from '../../lib/calls/frame-codec.ts';
import { consume } from '../support/consume.ts';
import { byHand, codecs, frame, idle, pair, upTo } from './stage.ts';

const start = { payload: codecs.request.encode(0), version: 1 };
const tooMany = { severity: 'disconnect', error: { code: 'RXMESH_CREDIT_EXCEEDED' } };

/** The values of a frame. A text is one that does not decode. */
function valuesOf(...values: readonly (number | string)[]): Partial<Frame> {
  const [payload = Uint8Array.of(), ...more] = values.map((value) =>
    typeof value === 'number' ? codecs.request.encode(value) : Uint8Array.of(0x7b),
  );
  return { payload, more };
}

/** The values of the frames of a kind, and whether they are the last ones. */
const valuesIn = (frames: readonly Frame[], of: number): unknown[] =>
  frames
    .filter(({ kind }) => kind === of)
    .map(({ payload, more = [], isLast }) => [
      [payload, ...more].map((bytes) => codecs.response.decode(bytes)),
      isLast,
    ]);

/** Two nodes, of which one takes only messages of up to 60 bytes. A zero has 99. */
function narrow(node: 0 | 1) {
  const codec: Codec<number> = {
    encode: (n) => new Uint8Array(n === 0 ? 99 : 1).fill(n),
    decode: ([n = 0]) => n,
  };
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const open = (at: number): Calls<number, number> => {
    const messageBytesMax = at === node ? 60 : 10_000;
    return calls(net.node(at).router, { id: 7, messageBytesMax, request: codec, response: codec });
  };
  return { net, asking: open(0), serving: open(1) };
}

describe('answers that are there at the same time', () => {
  it('share frames, sixteen at a time, as far as there is credit', () => {
    const { net, service, send, frames } = byHand();
    service.serve(() => flowFrom(upTo(40)));
    send(frame(kinds.call, 1, { ...start, credit: 20 }));
    net.advance(20);
    expect(valuesIn(frames, kinds.answer)).toEqual([
      [[...upTo(16)], false],
      [[16, 17, 18, 19], false],
    ]);
    send(frame(kinds.credit, 1, { credit: 100 }));
    net.advance(20);
    expect(valuesIn(frames, kinds.answer).slice(2)).toEqual([
      [[...upTo(36)].slice(20), false],
      [[36, 37, 38, 39], true],
    ]);
    net.stop();
  });

  /** The lengths of the answers in each frame, and whether it is the last one. */
  function lengthsOf(given: readonly number[], credit: number): unknown[] {
    const texts = json<string>();
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const service = calls(net.node(0).router, { id: 7, request: texts, response: texts });
    const channel = net.node(1).router.openChannel<Frame>({ id: 7, codec: frameCodec });
    const frames: unknown[] = [];
    channel.in$.subscribe(({ message: { kind, payload, more = [], isLast } }) => {
      if (kind === kinds.answer)
        frames.push([[payload, ...more].map((bytes) => bytes.length), isLast]);
    });
    service.serve(() => flowFrom(given.map((length) => 'x'.repeat(length - 2))));
    net.start();
    const message = frame(kinds.call, 1, { version: 1, credit, payload: texts.encode('') });
    channel.out.next({ to: net.node(0).id, message });
    net.advance(50);
    net.stop();
    return frames;
  }

  it('share no more than a kilobyte, and a longer one has a frame of its own', () => {
    expect(lengthsOf([400, 600, 24, 3, 1_022, 5_000, 3, 3], 99)).toEqual([
      [[400, 600, 24], false],
      [[3], false],
      [[1_022], false],
      [[5_000], false],
      [[3, 3], true],
    ]);
  });

  it.each([
    [99, true],
    // The source is not asked for its end.
    [2, false],
  ])('and are all sent with credit for %d', (credit, isLast) => {
    expect(lengthsOf([600, 600], credit)).toEqual([
      [[600], false],
      [[600], isLast],
    ]);
  });

  it.each([
    ['a value', [1, 0, 3], [1, 'RXMESH_CALL_FAILED']],
    ['two values', [1, 0, 0, 4, 5], [1, 'RXMESH_CALL_FAILED']],
    ['the first one', [0, 2], ['RXMESH_CALL_FAILED']],
  ])('end before %s that the peer does not take, and none behind it arrives', (_, given, want) => {
    const { net, asking, serving } = narrow(0);
    serving.serve(() => flowFrom(given));
    net.start();
    const { heard, demand } = consume(asking.call(net.node(1).id, 7));
    demand.request(Infinity);
    net.advance(200);
    expect(heard).toEqual(want);
    expect([asking.snapshot(), serving.snapshot()]).toEqual([idle, idle]);
    net.stop();
  });

  it('arrive before the error of one that does not encode', () => {
    const response: Codec<number> = {
      ...codecs.response,
      encode: (n) => {
        if (n === 3) throw new CallError('odd', 'no threes');
        return codecs.response.encode(n);
      },
    };
    const { net, asking, serving, to } = pair({ response });
    let isLeft = false;
    serving.serve(function* () {
      try {
        yield* upTo(100);
      } finally {
        isLeft = true;
      }
    });
    const { heard, demand } = consume(asking.call(to, 0));
    demand.request(50);
    net.advance(50);
    expect(heard).toEqual([0, 1, 2, 'RXMESH_CALL_FAILED']);
    expect(isLeft).toBe(true);
    expect([asking.snapshot(), serving.snapshot()]).toEqual([idle, idle]);
    net.stop();
  });

  it('are forgotten when the call is left', () => {
    const { net, service, send, frames } = byHand();
    let isLeft = false;
    service.serve(function* () {
      try {
        for (;;) yield 5;
      } finally {
        isLeft = true;
      }
    });
    send(frame(kinds.call, 1, { ...start, credit: 1_000_000 }));
    net.advance(6);
    send(frame(kinds.cancel, 1));
    net.advance(100);
    const count = frames.length;
    net.advance(1_000);
    expect([isLeft, frames.length, count > 0]).toEqual([true, count, true]);
    expect(service.snapshot()).toEqual(idle);
    net.stop();
  });

  it('have frames of their own on a channel of short messages, so that none is too long', () => {
    const { net, asking, serving, to } = pair({ messageBytesMax: 24 });
    serving.serve(() => flowFrom(upTo(50)));
    const { heard, demand } = consume(asking.call(to, 0));
    demand.request(Infinity);
    net.advance(200);
    expect(heard).toEqual([...upTo(50), '|']);
    expect(net.log.filter(({ event }) => event.type === 'message-dropped')).toEqual([]);
    net.stop();
  });

  it('fail the call if the codec makes no bytes', () => {
    const response = { ...codecs.response, encode: () => undefined as unknown as Uint8Array };
    const { net, asking, serving, to } = pair({ response });
    serving.serve(() => 5);
    const { heard, demand } = consume(asking.call(to, 0));
    demand.request(1);
    net.advance(50);
    expect(heard).toEqual(['RXMESH_CALL_FAILED']);
    net.stop();
  });

  it('are split for a peer that takes only short messages', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const open = (node: number, messageBytesMax: number): Calls<number, number> =>
      calls(net.node(node).router, { id: 7, messageBytesMax, ...codecs });
    const [asking, serving] = [open(0, 24), open(1, 10_000)];
    serving.serve(() => flowFrom(upTo(50)));
    net.start();
    const { heard, demand } = consume(asking.call(net.node(1).id, 0));
    demand.request(Infinity);
    net.advance(200);
    expect(heard).toEqual([...upTo(50), '|']);
    expect([asking.snapshot(), serving.snapshot()]).toEqual([idle, idle]);
    const dropped = net.log.filter(({ event }) => event.type === 'message-dropped');
    expect(dropped).toMatchObject([{ node: 1, event: { reason: 'too-large', count: 1 } }]);
    net.stop();
  });
});

describe('requests that are there at the same time', () => {
  it('share frames', () => {
    const { net, service, send, frames, to } = byHand();
    const { demand } = consume(service.channel(to, flowFrom(upTo(20))));
    demand.request(1);
    net.advance(20);
    send(frame(kinds.requestCredit, 1, { credit: 99 }));
    net.advance(20);
    expect(valuesIn(frames, kinds.request)).toEqual([
      [[...upTo(16)], false],
      [[16, 17, 18, 19], true],
    ]);
    net.stop();
  });

  it('end before one that the peer does not take, and none behind it arrives', () => {
    const { net, asking, serving } = narrow(1);
    const taken: unknown[] = [];
    serving.serveChannel(({ requests }) => {
      requests.subscribe({
        next: (n) => taken.push(n),
        error: () => taken.push('left'),
        complete: () => taken.push('|'),
      });
      return NEVER;
    });
    net.start();
    const { heard, demand } = consume(asking.channel(net.node(1).id, flowFrom([1, 0, 3])));
    demand.request(1);
    net.advance(200);
    expect(taken).toEqual([1, 'left']);
    expect(heard).toEqual(['RXMESH_MESSAGE_TOO_LARGE']);
    expect([asking.snapshot(), serving.snapshot()]).toEqual([idle, idle]);
    net.stop();
  });

  /** A call with the requests 0 to 8, whose codec does something at one of them. */
  function requesting(at: number, act: () => void) {
    const request: Codec<number> = {
      ...codecs.request,
      encode: (n) => {
        if (n === at) act();
        return codecs.request.encode(n);
      },
    };
    const { net, asking, serving, to } = pair({ request });
    const taken: unknown[] = [];
    serving.serveChannel(({ requests }) => {
      requests.subscribe({ next: (n) => taken.push(n), error: () => taken.push('left') });
      return NEVER;
    });
    const answers = consume(asking.channel(to, flowFrom(upTo(9))));
    const run = (): void => {
      answers.demand.request(1);
      net.advance(50);
      expect([asking.snapshot(), serving.snapshot()]).toEqual([idle, idle]);
      net.stop();
    };
    return { ...answers, taken, run };
  }

  it('are left from within the codec, and none behind them is sent', () => {
    const leaving = new Subject<void>();
    const { heard, demand, taken, run } = requesting(2, () => leaving.next());
    leaving.subscribe(() => demand.unsubscribe());
    run();
    expect(heard).toEqual([]);
    expect(taken).toEqual(['left']);
  });

  it('arrive before the error of one that does not encode', () => {
    const { heard, taken, run } = requesting(2, () => {
      throw new TypeError('no twos');
    });
    run();
    expect(heard).toEqual(['RXMESH_ENCODE_FAILED']);
    expect(taken).toEqual([0, 1, 'left']);
  });
});

describe('a frame of answers', () => {
  function asked(wanted: number) {
    const decoded: number[] = [];
    const decode = (bytes: Uint8Array): number => {
      const n = codecs.response.decode(bytes);
      decoded.push(n);
      return n;
    };
    const stage = byHand({ response: { ...codecs.response, decode } });
    const { heard, demand } = consume(stage.service.call(stage.to, 0), (n) => {
      if (n === 77) demand.unsubscribe();
    });
    demand.request(wanted);
    stage.net.advance(20);
    const answer = (fields: Partial<Frame>): void => {
      stage.send(frame(kinds.answer, 1, fields));
      stage.net.advance(20);
    };
    return { ...stage, decoded, answers: heard, answer };
  }

  it('delivers them in order, and ends the call behind the last one', () => {
    const { net, service, answers, answer } = asked(9);
    answer({ ...valuesOf(1, 2, 3), isLast: true });
    expect(answers).toEqual([1, 2, 3, '|']);
    expect(service.snapshot()).toEqual(idle);
    net.stop();
  });

  it('delivers as many as were asked for, if it has more, and reports the peer', () => {
    const { net, answers, answer, events } = asked(2);
    answer({ ...valuesOf(1, 2, 3), isLast: true });
    expect(answers).toEqual([1, 2, 'RXMESH_CREDIT_EXCEEDED']);
    expect(events('peer-reported')).toMatchObject([tooMany]);
    net.stop();
  });

  it.each([
    ['one', [0, 'odd', 2], [0, 'RXMESH_DECODE_FAILED']],
    ['the first', ['odd', 1], ['RXMESH_DECODE_FAILED']],
    ['the last', [0, 1, 'odd'], [0, 1, 'RXMESH_DECODE_FAILED']],
  ])('fails the call if %s does not decode', (_, values, expected) => {
    const { net, service, answers, answer } = asked(9);
    answer(valuesOf(...values));
    expect(answers).toEqual(expected);
    expect(service.snapshot()).toEqual(idle);
    net.stop();
  });

  it('is left in the middle, and the other side hears of it', () => {
    const { net, service, frames, answers, answer, decoded } = asked(9);
    answer(valuesOf(1, 77, 3));
    expect([answers, decoded]).toEqual([
      [1, 77],
      [1, 77],
    ]);
    expect(frames.at(-1)).toMatchObject({ kind: kinds.cancel, call: 1 });
    expect(service.snapshot()).toEqual(idle);
    net.stop();
  });
});

describe('a frame of requests', () => {
  function serving(wanted: number) {
    const stage = byHand();
    const taken: number[] = [];
    stage.service.serveChannel(({ requests }) => {
      const demand = requests.consume({ next: (n) => taken.push(n), error: noop, complete: noop });
      demand.request(wanted);
      return NEVER;
    });
    stage.send(frame(kinds.channel, 1, { version: 1, credit: 1 }));
    stage.net.advance(20);
    const request = (...values: readonly (number | string)[]): void => {
      stage.send(frame(kinds.request, 1, valuesOf(...values)));
      stage.net.advance(20);
    };
    return { ...stage, taken, request };
  }

  it('has at most 256 values', () => {
    const { net, taken, request } = serving(1_000);
    request(...upTo(256));
    expect(taken).toEqual([...upTo(256)]);
    net.stop();
  });

  it('does not decode if it has more', () => {
    const { net, taken, request, events } = serving(1_000);
    request(...upTo(257));
    expect(taken).toEqual([]);
    expect(events('message-dropped')).toMatchObject([{ reason: 'decode-failed', channel: 7 }]);
    net.stop();
  });

  it('ends the call behind those that were asked for, if it has more', () => {
    const { net, service, taken, request, events } = serving(2);
    request(1, 2, 3);
    expect(taken).toEqual([1, 2]);
    expect(events('peer-reported')).toMatchObject([tooMany]);
    expect(service.snapshot()).toEqual(idle);
    net.stop();
  });

  it('ends the call at one that does not decode', () => {
    const { net, frames, taken, request } = serving(9);
    request(1, 'odd', 3);
    expect(taken).toEqual([1]);
    expect(frames.at(-1)).toMatchObject({ kind: kinds.error, call: 1, status: 3 });
    net.stop();
  });
});
