import { describe, expect, it } from '@jest/globals';
import type { StoreOperation } from 'rxmesh';
import type { DeliveryStore } from 'rxmesh/deliveries';
import { simulatedStore } from 'rxmesh/testing';
import { throwError } from 'rxjs';
import { Journal } from '../../lib/deliveries/store.ts';
import { Stage } from './stage.ts';

/** A store whose next `fails` batches fail. */
function failing() {
  const store = simulatedStore();
  const state = { fails: 0 };
  const batches: (readonly string[])[] = [];
  const flaky: DeliveryStore = {
    open: () => store.open(),
    batch: (operations, options) => {
      state.fails -= 1;
      if (state.fails >= 0) return throwError(() => new Error('the disk is full'));
      batches.push(operations.map(({ type, key }) => `${type} ${key}`));
      return store.batch(operations, options);
    },
    iterator: (range) => store.iterator(range),
  };
  return { state, flaky, batches };
}

function staged(stores: boolean | readonly DeliveryStore[]) {
  const stage = new Stage({ stores });
  const handled: number[] = [];
  stage.start((service, node) => {
    if (node === 1) service.handle(({ message }) => void handled.push(message));
  });
  const restart = (...nodes: readonly number[]): void => {
    for (const node of nodes) stage.net.restart(node);
    stage.net.settle();
  };
  const atTheEnd = () => {
    stage.net.advance(60_000);
    const { messages } = stage.service(0).snapshot();
    stage.net.stop();
    return { handled, messages };
  };
  return { stage, handled, restart, atTheEnd };
}

describe('a sender with a store that starts again', () => {
  it('does not use the number of a message that was too late', () => {
    const { stage, handled, restart, atTheEnd } = staged(true);
    stage.deliver(1);
    stage.deliver(2, { timeoutMs: 1_000 });
    // Both are handled, and the acknowledgement is on its way.
    stage.net.advance(17);
    expect(handled).toEqual([1, 2]);
    stage.net.sever(0, 1);
    stage.crash(1);
    stage.net.advance(2_000);
    stage.crash(0);
    restart(0);
    stage.deliver(3);
    stage.net.advance(100);
    stage.crash(0);
    restart(0, 1);
    expect(atTheEnd()).toEqual({ handled: [1, 2, 3], messages: 0 });
  });

  it('loses nothing when the outbox of an earlier epoch could not be deleted', () => {
    const { state, flaky } = failing();
    const { stage, restart, atTheEnd } = staged([flaky]);
    stage.deliver(1);
    stage.net.advance(100);
    state.fails = 1;
    stage.crash(1);
    stage.net.advance(1_000);
    expect(state.fails).toBe(0);
    stage.deliver(2);
    stage.net.advance(100);
    stage.crash(0);
    restart(0, 1);
    expect(atTheEnd()).toEqual({ handled: [1, 2], messages: 0 });
  });

  it('delivers nothing twice when handled messages could not be deleted', () => {
    const { state, flaky } = failing();
    const { stage, restart, atTheEnd } = staged([flaky]);
    stage.deliver(1);
    stage.deliver(2);
    stage.net.advance(12);
    state.fails = 1;
    stage.net.advance(50);
    expect(state.fails).toBeLessThanOrEqual(0);
    stage.net.partition([0], [1]);
    stage.net.advance(100);
    stage.deliver(3);
    stage.net.advance(10);
    stage.crash(0);
    stage.net.heal();
    restart(0);
    expect(atTheEnd()).toEqual({ handled: [1, 2, 3], messages: 0 });
  });
});

describe('changes that are owed to a store', () => {
  const del = (key: string): StoreOperation => ({ type: 'del', key });

  it('are made in front of the next write that succeeds', () => {
    const { state, flaky, batches } = failing();
    const journal = new Journal(flaky, 7);
    state.fails = 2;
    const errors: unknown[] = [];
    journal.owe([del('a'), del('b')]);
    journal.write([del('lost')], (error) => errors.push(error));
    journal.owe([{ type: 'put', key: 'a', value: Uint8Array.of(1) }]);
    journal.write([del('c')]);
    expect(errors).toEqual([new Error('the disk is full')]);
    expect(batches).toEqual([['del a', 'del b', 'put a'], ['del c']]);
  });

  it('are bounded, and made when they are tried again', () => {
    const { state, flaky, batches } = failing();
    const journal = new Journal(flaky, 7);
    state.fails = 1;
    const keys = Array.from({ length: 2 ** 16 }, (_, n) => `${n}`);
    journal.owe(keys.map((key) => del(key)));
    expect(journal.isBehind).toBe(true);
    journal.retry();
    expect(journal.isBehind).toBe(false);
    expect(batches).toEqual([keys.map((key) => `del ${key}`)]);
    journal.retry();
    expect(batches.length).toBe(1);
  });
});
