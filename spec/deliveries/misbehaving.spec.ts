import { describe, expect, it } from '@jest/globals';
import { json, type RouterEvent } from 'rxmesh';
import { deliveries, type DeliveriesOptions } from 'rxmesh/deliveries';
import { simulate, simulatedStore } from 'rxmesh/testing';
import { NEVER, Observable, of } from 'rxjs';
import { Frame, kinds } from '../../lib/deliveries/frame.ts';
import { frameCodec } from '../../lib/deliveries/frame-codec.ts';
import { idle, Stage, told } from './stage.ts';

const frame = (kind: number, seq: number, fields: Partial<Frame> = {}): Frame =>
  Object.assign(new Frame(kind, seq), fields);
const epoch = new Uint8Array(16).fill(7);
const open = frame(kinds.open, 0, { epoch, opening: 1, version: 1 });
const opening = (epochBytes: number): Frame =>
  frame(kinds.open, 0, { epoch: new Uint8Array(epochBytes), opening: 1, version: 1 });
const payload = json<number>().encode(5);
const message = (seq: number, skip = 0): Frame => frame(kinds.message, seq, { payload, skip });
const resume = frame(kinds.resume, 0, { opening: 1, window: 2, windowBytes: 100 });

/** A node with deliveries, and one that writes frames by hand. */
function byHand(options: Partial<DeliveriesOptions<number>> = {}) {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const { router } = net.node(0);
  const service = deliveries(router, { id: 7, codec: json<number>(), ...options });
  const channel = net.node(1).router.openChannel<Frame>({ id: 7, codec: frameCodec });
  const frames: Frame[] = [];
  channel.in$.subscribe((each) => frames.push(each.message));
  net.start();
  const send = (...messages: readonly Frame[]): void => {
    for (const each of messages) channel.out.next({ to: net.node(0).id, message: each });
    net.advance(20);
  };
  const heard: string[] = [];
  const deliver = (number: number): void => {
    service.deliver({ to: net.node(1).id, message: number }).subscribe({
      next: () => heard.push(`${number}`),
      error: (error: unknown) => heard.push(`${number} ${told(error)}`),
    });
    net.advance(20);
  };
  const events = (type: RouterEvent['type']): unknown[] => {
    const entries = net.log.filter(({ node, event }) => node === 0 && event.type === type);
    return entries.map(({ event }) => event);
  };
  const kindsOf = (): readonly number[] => frames.map(({ kind }) => kind);
  return { net, service, send, frames, kindsOf, deliver, heard, events };
}

const violation = (code: string, text = ''): unknown[] => [
  { severity: 'disconnect', error: { code, channel: 7, message: expect.stringContaining(text) } },
];

describe('a receiver that breaks the protocol is disconnected', () => {
  it.each([
    [
      'resumes beyond what was ever sent',
      [frame(kinds.resume, 3, { opening: 1 })],
      'acknowledges message 3, which was never sent',
    ],
    [
      'resumes with what was not sent yet',
      [frame(kinds.resume, 1, { opening: 1 })],
      'acknowledges message 1, which was never sent',
    ],
    [
      'acknowledges what was never sent',
      [resume, frame(kinds.acked, 9, { opening: 1 })],
      'acknowledges message 9, which was never sent',
    ],
    [
      'fails what was never sent',
      [resume, frame(kinds.failed, 9, { opening: 1 })],
      'fails message 9, which was never sent',
    ],
  ])('when it %s', (_, frames, text) => {
    const { net, deliver, send, events, service } = byHand();
    deliver(1);
    send(...frames);
    const said = `${net.node(1).id} ${text}`;
    expect(events('peer-reported')).toMatchObject(violation('RXMESH_PROTOCOL_VIOLATION', said));
    expect(service.snapshot().messages).toBe(1);
    net.stop();
  });

  it('when it fails messages faster than a store takes note of that', () => {
    const store = { ...simulatedStore(), batch: () => NEVER };
    const { net, deliver, send, events } = byHand({ store });
    deliver(1);
    send(resume);
    const failure = frame(kinds.failed, 0, { opening: 1 });
    send(...Array<Frame>(64).fill(failure));
    expect(events('peer-reported')).toEqual([]);
    send(failure);
    expect(events('peer-reported')).toMatchObject(violation('RXMESH_PROTOCOL_VIOLATION'));
    net.stop();
  });

  it('when it acknowledges what still waits here for its window', () => {
    const { net, deliver, send, events, heard } = byHand();
    for (let n = 1; n <= 3; n += 1) deliver(n);
    send(resume, frame(kinds.acked, 3, { opening: 1 }));
    expect(events('peer-reported')).toMatchObject(violation('RXMESH_PROTOCOL_VIOLATION'));
    expect(heard).toEqual([]);
    net.stop();
  });

  it('not when it speaks of another opening', () => {
    const { net, deliver, send, events, heard } = byHand();
    deliver(1);
    send(frame(kinds.acked, 1, { opening: 1 }), frame(kinds.resume, 0, { opening: 9 }));
    send(resume, frame(kinds.acked, 9, { opening: 2 }), frame(kinds.failed, 9, { opening: 2 }));
    expect(events('peer-reported')).toEqual([]);
    expect(heard).toEqual([]);
    send(frame(kinds.acked, 1, { opening: 1 }));
    expect(heard).toEqual(['1']);
    net.stop();
  });

  it('nor does more go to it than its window, by messages and by bytes', () => {
    const { net, deliver, send, frames } = byHand();
    for (let n = 1; n <= 4; n += 1) deliver(n);
    const sent = (): readonly number[] =>
      frames.filter(({ kind }) => kind === kinds.message).map(({ seq }) => seq);
    send(resume);
    expect(sent()).toEqual([1, 2]);
    send(frame(kinds.acked, 1, { opening: 1 }));
    expect(sent()).toEqual([1, 2, 3]);
    net.stop();

    const narrow = byHand();
    for (let n = 1; n <= 3; n += 1) narrow.deliver(n);
    narrow.send(frame(kinds.resume, 0, { opening: 1, window: 9, windowBytes: 2 }));
    expect(narrow.kindsOf().filter((kind) => kind === kinds.message).length).toBe(2);
    narrow.net.stop();
  });
});

describe('a sender that breaks the protocol is disconnected', () => {
  it.each([
    ['skips a message', [message(2)], 'sends message 2 behind 0 others'],
    ['sends a message again', [message(1), message(1)], 'sends message 1 behind 0 others'],
    ['goes back', [message(1), message(2), message(1)], 'sends message 1 behind 0 others'],
    ['opens with a long epoch', [opening(17)], 'opens with an epoch of 17 bytes instead of 16'],
    ['opens without an epoch', [opening(0)], 'opens with an epoch of 0 bytes instead of 16'],
    [
      'withdraws what it has sent',
      [message(1), message(2), message(3, 2)],
      'sends message 3 behind 2 others that were withdrawn, after 2',
    ],
  ])('when it %s', (_, messages, text) => {
    const { net, service, send, events } = byHand();
    service.handle(() => NEVER);
    send(open);
    send(...messages);
    const said = `${net.node(1).id} ${text}`;
    expect(events('peer-reported')).toMatchObject(violation('RXMESH_PROTOCOL_VIOLATION', said));
    net.stop();
  });

  it('when it sends more than its window, by messages or by bytes', () => {
    const { net, service, send, events } = byHand({ window: 2 });
    service.handle(() => NEVER);
    send(open);
    send(message(1), message(2));
    expect(events('peer-reported')).toEqual([]);
    send(message(3));
    expect(events('peer-reported')).toMatchObject(violation('RXMESH_CREDIT_EXCEEDED'));
    expect(service.snapshot().handling).toBe(1);
    net.stop();

    const narrow = byHand({ windowBytes: 1 });
    narrow.service.handle(() => NEVER);
    narrow.send(open);
    narrow.send(message(1), message(2), message(3));
    expect(narrow.events('peer-reported')).toMatchObject(violation('RXMESH_CREDIT_EXCEEDED'));
    narrow.net.stop();
  });

  it('not when it sends before it has opened: that is dropped', () => {
    const { net, service, send, events, frames } = byHand();
    service.handle(() => stopTest());
    send(message(1), message(9), frame(kinds.noted, 3), frame(99, 1));
    expect(events('peer-reported')).toEqual([]);
    expect(frames).toEqual([]);
    expect(service.snapshot()).toEqual({ ...idle, dropped: 1 });
    net.stop();
  });

  it('not when it speaks another version: it is refused, and learns that', () => {
    const { net, service, send, kindsOf, frames } = byHand();
    service.handle(() => stopTest());
    send(frame(kinds.open, 0, { epoch, opening: 4, version: 2 }), message(1));
    expect(kindsOf()).toEqual([kinds.refused]);
    expect(frames[0]).toMatchObject({ opening: 4, status: 3 });
    net.stop();
  });

  it('does not fill the memory with failures that it does not note', () => {
    const { net, service, send, kindsOf } = byHand({ window: 100 });
    let handled = 0;
    service.handle(() => {
      handled += 1;
      throw new Error('no');
    });
    send(open);
    for (let n = 1; n <= 100; n += 1) send(message(n));
    net.advance(3_600_000);
    const failures = kindsOf().filter((kind) => kind === kinds.failed).length;
    expect([failures, handled]).toEqual([64, 64 * 8]);
    send(frame(kinds.noted, 10));
    net.advance(3_600_000);
    expect(kindsOf().filter((kind) => kind === kinds.failed).length).toBe(74);
    net.stop();
  });
});

function stopTest(): never {
  throw new Error('the handler should not run');
}

describe('a refusal', () => {
  it('is an event, and the message waits', () => {
    const { net, service, deliver, send, events } = byHand();
    deliver(1);
    send(frame(kinds.refused, 0, { opening: 1, status: 3, text: 'this node speaks version 2' }));
    expect(events('peer-reported')).toMatchObject([
      { severity: 'note', error: { code: 'RXMESH_DELIVERY_REFUSED', channel: 7 } },
    ]);
    expect(service.snapshot().messages).toBe(1);
    net.stop();
  });

  it('is the end of a message that does not decode there', () => {
    const { net, service, send, frames } = byHand();
    service.handle(() => stopTest());
    send(open);
    send(frame(kinds.message, 1, { payload: Uint8Array.of(0x7b) }));
    const [, failed, acked] = frames;
    expect(failed).toMatchObject({ kind: kinds.failed, seq: 1, status: 2, opening: 1 });
    expect(acked).toMatchObject({ kind: kinds.acked, seq: 1 });
    net.stop();
  });
});

describe('acknowledgements', () => {
  it('are one frame for all that a turn has handled', () => {
    const { net, service, send, frames } = byHand();
    service.handle(() => undefined);
    send(open);
    send(...Array.from({ length: 50 }, (_, n) => message(n + 1)));
    expect(frames.slice(1).map(({ kind, seq }) => [kind, seq])).toEqual([[kinds.acked, 50]]);
    net.stop();
  });
});

describe('a handler', () => {
  it('that never ends is given up, and its signal fires', () => {
    const stage = new Stage({ handlerTimeoutMs: 100, maxAttempts: 2, retryMinMs: 10 });
    stage.start();
    stage.service(1).handle(({ signal, attempt }) => {
      signal.addEventListener('abort', () => {
        stage.note(`${attempt} ${told(signal.reason)}`);
      });
      return new Observable(() => () => stage.note(`${attempt} is left`));
    });
    stage.deliver(1);
    stage.net.advance(1_000);
    expect(stage.heard).toEqual([
      '115: 1 is left',
      '115: 1 RXMESH_DELIVERY_TIMEOUT',
      '225: 2 is left',
      '225: 2 RXMESH_DELIVERY_TIMEOUT',
      '230: 1 RXMESH_DELIVERY_FAILED "" the handler has failed 2 times',
    ]);
    stage.net.stop();
  });

  it('that returns anything but changes, or changes without a store, has failed', () => {
    const stage = new Stage({ maxAttempts: 1 });
    stage.start();
    const results: unknown[] = [7, [7], [{ type: 'put', key: 'a', value: 'text' }]];
    results.push([{ type: 'put', key: 'a', value: payload }]);
    stage.service(1).handle(({ message: n }) => of(results[n] as undefined));
    for (let n = 0; n < 4; n += 1) stage.deliver(n);
    stage.net.advance(1_000);
    expect(stage.heard.length).toBe(4);
    for (const text of stage.heard) expect(text).toContain('RXMESH_DELIVERY_FAILED');
    expect(stage.events('source-failed', 1).length).toBe(4);
    stage.net.stop();
  });

  it('may return more changes than a function has arguments', () => {
    const stage = new Stage({ stores: true });
    stage.start();
    const changes = Array.from({ length: 200_000 }, (_, n) => {
      return { type: 'put' as const, key: `changes/${n}`, value: payload };
    });
    stage.service(1).handle(() => of(changes));
    stage.deliver(1);
    stage.net.advance(100);
    expect(stage.heard).toEqual(['20: 1 is handled']);
    expect(stage.keys(1)).toContain('changes/0');
    stage.net.stop();
  });

  it('is the only one, and can be replaced', () => {
    const stage = new Stage();
    stage.start();
    const service = stage.service(1);
    const first = service.handle(() => undefined);
    expect(() => service.handle(() => undefined)).toThrow('there is a handler already');
    first.unsubscribe();
    stage.deliver(1);
    stage.net.advance(100);
    expect(stage.heard).toEqual([]);
    service.handle(() => undefined);
    first.unsubscribe();
    stage.net.advance(100);
    expect(stage.heard.length).toBe(1);
    stage.deliver(2);
    stage.net.advance(100);
    expect(stage.heard.length).toBe(2);
    stage.net.stop();
  });
});

describe('the outbox', () => {
  it.each([
    ['maxMessages', { maxMessages: 2 }],
    ['maxBytes', { maxBytes: 2 }],
    ['maxMessagesInAll', { maxMessagesInAll: 2 }],
    ['maxBytesInAll', { maxBytesInAll: 2 }],
  ])('is bounded by %s, and has room again', (name, options) => {
    const stage = new Stage(options);
    stage.start();
    stage.deliver(1);
    stage.deliver(2);
    stage.deliver(3);
    expect(stage.heard).toEqual(['0: 3 RXMESH_OUTBOX_FULL']);
    let text = '';
    stage
      .service(0)
      .deliver({ to: stage.id(1), message: 4 })
      .subscribe({
        error: (error: unknown) => (text = String(error)),
      });
    expect(text).toContain(`${name} is 2`);
    stage.service(1).handle(() => undefined);
    stage.net.advance(100);
    stage.deliver(5);
    stage.net.advance(100);
    expect(stage.heard.slice(1)).toEqual([
      '20: 1 is handled',
      '20: 2 is handled',
      '110: 5 is handled',
    ]);
    stage.net.stop();
  });

  it.each([64, 1])('lets a message go that is too long for a peer of window %i', (window) => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const open_ = (node: number, messageBytesMax: number) =>
      deliveries(net.node(node).router, { id: 7, codec: json<string>(), messageBytesMax, window });
    const sending = open_(0, 10_000);
    const receiving = open_(1, 1_000);
    net.start();
    const handled: number[] = [];
    const heard: string[] = [];
    receiving.handle(({ message: text }) => void handled.push(text.length));
    for (const length of [10, 5_000, 20]) {
      sending.deliver({ to: net.node(1).id, message: 'x'.repeat(length) }).subscribe({
        next: () => heard.push(`${length}`),
        error: (error: unknown) => heard.push(`${length} ${told(error)}`),
      });
    }
    net.advance(1_000);
    expect(handled).toEqual([10, 20]);
    expect(heard.sort()).toEqual(['10', '20', '5000 RXMESH_MESSAGE_TOO_LARGE']);
    expect(sending.snapshot()).toEqual(idle);
    net.stop();
  });
});
