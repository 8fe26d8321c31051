import { describe, expect, it } from '@jest/globals';
import { type Clock, json, type StoreOperation } from 'rxmesh';
import { deliveries, DeliveryError, type DeliveryStore } from 'rxmesh/deliveries';
import { simulate, simulatedStore } from 'rxmesh/testing';
import { defer, from, NEVER, Observable } from 'rxjs';
import { Stage } from './stage.ts';

const options = { id: 7, codec: json<number>() };

/** A store that takes `ms` for each batch, once it has a clock. */
function slowStore() {
  const store = simulatedStore();
  const pace: { ms: number; clock: Clock | undefined } = { ms: 0, clock: undefined };
  const slow: DeliveryStore = {
    open: () => store.open(),
    batch: (operations, encodings) => {
      const write = defer(() => from(store.batch(operations, encodings)));
      const { clock, ms } = pace;
      if (clock === undefined || ms === 0) return write;
      return new Observable((out) => {
        clock.schedule(() => write.subscribe(out), ms);
      });
    },
    iterator: (range) => store.iterator(range),
  };
  return { store, slow, pace };
}

function keysOf(store: DeliveryStore): readonly string[] {
  const encodings = { keyEncoding: 'utf8', valueEncoding: 'view' } as const;
  let keys: readonly string[] = [];
  from(store.iterator({ gt: '', lt: '~', limit: 1_000, ...encodings }).all()).subscribe(
    (records) => (keys = records.map(([key]) => key)),
  );
  return keys;
}

describe('with a store that takes its time', () => {
  it('changes are made once, though the service opens again while they are written', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const { store, slow, pace } = slowStore();
    Object.assign(pace, { clock: net.clock, ms: 30 });
    const here = deliveries(net.node(0).router, options);
    const there = deliveries(net.node(1).router, { ...options, store: slow });
    let runs = 0;
    const handler = (): StoreOperation[] => {
      runs += 1;
      return [{ type: 'put', key: `effect/${runs}`, value: new Uint8Array(1) }];
    };
    there.handle(handler);
    net.start();
    let isHandled = false;
    here
      .deliver({ to: net.node(1).id, message: 1 })
      .subscribe({ complete: () => (isHandled = true) });
    net.advance(20);
    expect(runs).toBe(1);
    there.close();
    net.advance(1);
    deliveries(net.node(1).router, { ...options, store: slow }).handle(handler);
    net.advance(1_000);
    expect(keysOf(store).filter((key) => key.startsWith('effect'))).toEqual(['effect/1']);
    expect([runs, isHandled]).toEqual([1, true]);
    net.stop();
  });

  it('a message does not fail with the error of one from an earlier epoch', () => {
    const { slow, pace } = slowStore();
    const stage = new Stage({ stores: [simulatedStore(), slow] });
    pace.clock = stage.net.clock;
    stage.start((service, node) => {
      if (node !== 1) return;
      service.handle(({ message }) => {
        if (message === 1) throw new DeliveryError('no', 'not 1');
      });
    });
    pace.ms = 200;
    const first = stage.deliver(1);
    // The failure of 1 is being written.
    stage.net.advance(20);
    stage.net.sever(0, 1);
    // The outbox is empty, so the next one has another epoch.
    first.unsubscribe();
    stage.net.advance(1);
    stage.deliver(2);
    stage.net.advance(100);
    pace.ms = 0;
    // 2 is handled, and its acknowledgement is on its way.
    stage.net.advance(95);
    stage.crash(1);
    stage.net.advance(50);
    stage.net.restart(1);
    stage.net.settle();
    stage.net.advance(1_000);
    expect(stage.heard).toEqual([expect.stringContaining('2 is handled')]);
    stage.net.stop();
  });
});

describe('the error of a service that is closed', () => {
  const close = (store: DeliveryStore | undefined, waitMs: number): readonly string[] => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const service = deliveries(net.node(0).router, { ...options, store });
    net.start();
    const heard: string[] = [];
    const note = { error: ({ message }: Error) => heard.push(message) };
    service.deliver({ to: net.node(1).id, message: 1 }).subscribe(note);
    net.advance(waitMs);
    service.close();
    service.deliver({ to: net.node(1).id, message: 2 }).subscribe(note);
    net.stop();
    return heard;
  };
  const never: DeliveryStore = { ...simulatedStore(), open: () => NEVER };
  const stuck: DeliveryStore = { ...simulatedStore(), batch: () => NEVER };

  it.each([
    ['has the message', simulatedStore(), ': the message stays in the store'],
    ['is writing it', stuck, ': the message may stay in the store'],
    ['was not read', never, ''],
    ['does not exist', undefined, ''],
  ])('says what becomes of a message when the store %s', (_, store, text) => {
    expect(close(store, 10)).toEqual([`the service is closed${text}`, 'the service is closed']);
  });
});
