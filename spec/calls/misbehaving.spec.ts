import { describe, expect, it } from '@jest/globals';
import { block, type Codec, json, raw } from 'rxmesh';
import { type Answers, CallError, type Calls, calls } from 'rxmesh/calls';
import { simulate } from 'rxmesh/testing';
import { NEVER, Observable, throwError } from 'rxjs';
import { Frame, kinds } from '../../lib/calls/frame.ts';
import { frameCodec } from '../../lib/calls/frame-codec.ts';
import { consume } from '../support/consume.ts';
import { byHand, codecs, frame, idle, listening, pair } from './stage.ts';

const one = codecs.response.encode(1);
const start = { payload: one, version: 1, credit: 1 };

describe('a peer that breaks the protocol', () => {
  it.each([
    ['answers a call that nobody made', kinds.answer, 9],
    ['ends a call that nobody made', kinds.end, 9],
    ['answers call 0', kinds.answer, 0],
  ])('is disconnected when it %s', (_, kind, number) => {
    const { net, send, events, service } = byHand();
    send(frame(kind, number, { payload: one }));
    net.advance(100);
    expect(events('peer-reported')).toMatchObject([
      { severity: 'disconnect', error: { code: 'RXMESH_PROTOCOL_VIOLATION', channel: 7 } },
    ]);
    expect(events('peer-down').length).toBeGreaterThan(0);
    expect(service.snapshot().dropped).toBe(1);
    net.stop();
  });

  it('fails the call that it answers more than asked for', () => {
    const { net, send, service, to, events } = byHand();
    const { heard, demand } = consume(service.call(to, 0));
    demand.request(1);
    net.advance(6);
    for (let n = 0; n < 3; n += 1) send(frame(kinds.answer, 1, { payload: one }));
    net.advance(100);
    expect(heard).toEqual([1, 'RXMESH_CREDIT_EXCEEDED']);
    expect(events('peer-reported')).toMatchObject([{ error: { code: 'RXMESH_CREDIT_EXCEEDED' } }]);
    net.stop();
  });

  it('is disconnected when it starts a call twice, and its calls are left', () => {
    const { net, send, service, events, heard, note } = byHand();
    service.serve(() => new Observable(() => () => note('left')));
    send(frame(kinds.call, 1, start));
    send(frame(kinds.call, 1, start));
    net.advance(100);
    expect(events('peer-reported')).toMatchObject([
      { error: { code: 'RXMESH_PROTOCOL_VIOLATION' } },
    ]);
    expect(heard.length).toBe(1);
    expect(service.snapshot()).toEqual(idle);
    net.stop();
  });

  it('is disconnected when it sends requests that nobody asked for', () => {
    const { net, send, service, events } = byHand();
    service.serveChannel(() => NEVER);
    send(frame(kinds.channel, 1, { version: 1 }));
    send(frame(kinds.request, 1, { payload: one }));
    net.advance(100);
    expect(events('peer-reported')).toMatchObject([{ error: { code: 'RXMESH_CREDIT_EXCEEDED' } }]);
    expect(service.snapshot()).toEqual(idle);
    net.stop();
  });

  it('is disconnected when it makes calls without reading that they are refused', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const service = calls(net.node(0).router, { id: 7, ...codecs });
    const lanes = { inbound: block(1), outbound: block(10_000) };
    const deaf = net.node(1).router.openChannel<Frame>({ id: 7, codec: frameCodec, ...lanes });
    net.start();
    for (let call = 1; call <= 5_000; call += 1) {
      deaf.out.next({ to: net.node(0).id, message: frame(kinds.call, call, start) });
    }
    net.advance(1_000);
    expect(net.log.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({
        type: 'peer-reported',
        error: expect.objectContaining({ code: 'RXMESH_OVERFLOW', peer: net.node(1).id }),
      }),
    );
    expect(service.snapshot().serving).toBe(0);
    net.stop();
  });
});

describe('a frame', () => {
  it('of an unknown version is refused, of an unknown kind or an ended call dropped', () => {
    const { net, send, frames, service } = byHand();
    service.serve(() => 1);
    send(frame(kinds.call, 1, { ...start, version: 2 }));
    send(frame(99, 1));
    for (const kind of [kinds.credit, kinds.cancel, kinds.request, kinds.requestsEnd]) {
      send(frame(kind, 5));
    }
    send(frame(kinds.notify, 6, { ...start, method: 'none' }));
    send(frame(kinds.notify, 7, { ...start, payload: Uint8Array.of(0x7b) }));
    net.advance(20);
    expect(frames).toMatchObject([{ kind: kinds.error, call: 1, status: 3 }]);
    expect(service.snapshot()).toEqual({ ...idle, dropped: 7 });
    net.stop();
  });

  it('that is cut does not decode, which is an event and costs the peer a note', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const service = calls(net.node(0).router, { id: 7, ...codecs });
    const bytes = net.node(1).router.openChannel({ id: 7, codec: raw() });
    net.start();
    bytes.out.next({ to: net.node(0).id, message: Uint8Array.of(8, 1, 0x22, 9, 1) });
    net.advance(20);
    expect(net.log.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ type: 'message-dropped', reason: 'decode-failed', channel: 7 }),
    );
    expect(service.snapshot()).toEqual(idle);
    net.stop();
  });

  it('that is late is dropped and counted', () => {
    const { net, send, service, to } = byHand();
    service.call(to, 0).subscribe().unsubscribe();
    net.advance(20);
    send(frame(kinds.answer, 1, { payload: one }));
    send(frame(kinds.error, 1));
    net.advance(20);
    expect(service.snapshot()).toEqual({ ...idle, dropped: 2 });
    net.stop();
  });

  it('with an error shows a bounded text in one line', () => {
    const { net, send, service, to } = byHand();
    const errors: unknown[] = [];
    service.call(to, 0).subscribe({ error: (error: unknown) => errors.push(error) });
    const long = 'x'.repeat(5_000);
    send(frame(kinds.error, 1, { status: 77, text: `a\n\u001b[31m${long}`, reason: long }));
    net.advance(20);
    expect(errors).toMatchObject([{ code: 'RXMESH_CALL_FAILED', peer: to, channel: 7 }]);
    const [error] = errors;
    const textOf = (name: string): string => String(Reflect.get(error as object, name));
    const [message, reason] = [textOf('message'), textOf('reason')];
    expect([message.slice(0, 8), message.length, reason.length]).toEqual(['a  [31mx', 1_024, 64]);
    net.stop();
  });
});

describe('what does not fit', () => {
  const strings = (bytes: number): Codec<string> => ({
    encode: (text) => {
      if (text === 'bad') throw new TypeError('bad text');
      return json<string>().encode(text);
    },
    decode: (given) => {
      if (given.length > bytes) throw new TypeError('too long');
      return json<string>().decode(given);
    },
  });

  function texts() {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const open = (node: number, messageBytesMax: number): Calls<string, string> =>
      calls(net.node(node).router, {
        ...{ id: 7, messageBytesMax },
        ...{ request: strings(100), response: strings(100) },
      });
    const asking = open(0, 1_000);
    const serving = open(1, 2_000);
    net.start();
    serving.serve(({ request }) => (request === 'long' ? 'y'.repeat(1_500) : request));
    const { heard, observer } = listening(net);
    const ask = (text: string): void => void asking.call(net.node(1).id, text).subscribe(observer);
    return { net, ask, heard, asking, serving };
  }

  it.each([
    ['a request that does not encode', 'bad', ['0: RXMESH_ENCODE_FAILED']],
    ['a request that is too long to send', 'x'.repeat(1_500), ['0: RXMESH_MESSAGE_TOO_LARGE']],
    ['a request that does not decode', 'x'.repeat(500), ['10: RXMESH_CALL_REFUSED']],
    [
      'an answer that is too long to send',
      'long',
      ['10: RXMESH_CALL_FAILED "" the handler has failed'],
    ],
  ])('fails a call: %s; another one goes on', (_, text, expected) => {
    const { net, ask, heard, asking, serving } = texts();
    ask(text);
    ask('fine');
    net.advance(50);
    expect(heard.filter((line) => !/fine|\|/.test(line))).toEqual(expected);
    expect(heard.filter((line) => /fine|\|/.test(line))).toEqual(['10: fine', '10: |']);
    expect([asking.snapshot().asking, serving.snapshot().serving]).toEqual([0, 0]);
    net.stop();
  });

  it.each<[string, (error: CallError) => Answers<number>]>([
    [
      'thrown',
      (error) => {
        throw error;
      },
    ],
    ['that a source ends with', (error) => throwError(() => error)],
  ])('is the text of an error, %s: it is cut, and its reason is kept', (_, answers) => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const open = (node: number, messageBytesMax: number): Calls<number, number> =>
      calls(net.node(node).router, { id: 7, ...codecs, messageBytesMax });
    const [asking, serving] = [open(0, 1_000), open(1, 3_000)];
    net.start();
    serving.serve(() => answers(new CallError('denied', 'é'.repeat(1_024))));
    const { heard, observer } = listening(net);
    asking.call(net.node(1).id, 1).subscribe(observer);
    net.advance(50);
    expect(heard).toEqual([`10: RXMESH_CALL_FAILED "denied" ${'é'.repeat(256)}`]);
    expect([asking.snapshot(), serving.snapshot()]).toEqual([idle, idle]);
    net.stop();
  });

  it.each([
    [60, 'RXMESH_CALL_FAILED "denied" '],
    [20, 'RXMESH_CALL_FAILED "denied" '],
    [12, 'RXMESH_CALL_FAILED "" '],
  ])(
    'is an error, for a caller that takes only %i bytes: it hears what fits',
    (bytes, expected) => {
      const net = simulate({ nodes: 2, latencyMs: 5 });
      const open = (node: number, messageBytesMax: number): Calls<number, number> =>
        calls(net.node(node).router, { id: 7, ...codecs, messageBytesMax });
      const [asking, serving] = [open(0, bytes), open(1, 2_000)];
      net.start();
      serving.serve(() => {
        throw new CallError('denied', 'x'.repeat(1_024));
      });
      const { heard, observer } = listening(net);
      asking.call(net.node(1).id, 1).subscribe(observer);
      net.advance(50);
      expect(heard).toEqual([expect.stringContaining(expected)]);
      expect([asking.snapshot().asking, serving.snapshot()]).toEqual([0, idle]);
      net.stop();
    },
  );

  it('is an answer that does not decode: the call is cancelled', () => {
    const { net, asking, serving, to, heard, observer } = pair();
    serving.close();
    const other = calls(net.node(1).router, { id: 7, request: json<number>(), response: raw() });
    net.advance(20);
    other.serve(() => [Uint8Array.of(0xff), one].values());
    heard.length = 0;
    asking.call(to, 0).subscribe(observer);
    net.advance(20);
    expect(heard).toEqual(['30: RXMESH_DECODE_FAILED']);
    expect([asking.snapshot().asking, other.snapshot().serving]).toEqual([0, 0]);
    net.stop();
  });
});

describe('a peer that gives a call more time than timers have', () => {
  it('gets as much as they have', () => {
    const { net, send, service, heard, note } = byHand();
    service.serve(() => new Observable(() => () => note('left')));
    send(frame(kinds.call, 1, { ...start, timeoutMs: 2 ** 32 - 1 }));
    net.advance(1_000);
    expect(heard).toEqual([]);
    net.advance(2 ** 31);
    expect(heard).toEqual([`${2 ** 31 - 1 + 5}: left`]);
    net.stop();
  });
});
