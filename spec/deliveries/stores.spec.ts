import { describe, expect, it } from '@jest/globals';
import { json, type StoreEncodings } from 'rxmesh';
import { deliveries, DeliveryError, type DeliveryStore } from 'rxmesh/deliveries';
import { simulate, simulatedStore } from 'rxmesh/testing';
import { concatMap, EMPTY, from, NEVER, Subject, throwError } from 'rxjs';
import { Stage, told } from './stage.ts';

const bytes = Uint8Array.of(1, 2, 3);
const encodings: StoreEncodings = { keyEncoding: 'utf8', valueEncoding: 'view' };

/** A store that fails as often as `fails` says. */
function failing() {
  const store = simulatedStore();
  const fails = { open: 0, batch: 0, all: 0 };
  const error = new Error('the disk is full');
  const isDown = (what: keyof typeof fails): boolean => {
    fails[what] -= 1;
    return fails[what] >= 0;
  };
  const failingStore: DeliveryStore = {
    open: () => (isDown('open') ? throwError(() => error) : store.open()),
    batch: (operations, options) =>
      isDown('batch') ? throwError(() => error) : store.batch(operations, options),
    iterator: (range) =>
      isDown('all') ? { all: () => throwError(() => error) } : store.iterator(range),
  };
  return { fails, failingStore };
}

const failed = (code: string): unknown => expect.objectContaining({ code, channel: 7 });

describe('a store', () => {
  it('that fails to write fails the delivery, and the next one has its turn', () => {
    const { fails, failingStore } = failing();
    const stage = new Stage({ stores: [failingStore] });
    stage.start();
    stage.service(1).handle(() => undefined);
    fails.batch = 1;
    stage.deliver(1);
    stage.deliver(2);
    stage.net.advance(100);
    expect(stage.heard).toEqual(['0: 1 RXMESH_STORE_FAILED', '20: 2 is handled']);
    expect(stage.service(0).snapshot().messages).toBe(0);
    stage.net.stop();
  });

  it('that fails to write what is handled is tried again, and the handler is not', () => {
    const { fails, failingStore } = failing();
    const stage = new Stage({
      stores: [simulatedStore(), failingStore],
      retryMaxMs: 50,
      retryMinMs: 50,
    });
    stage.start();
    let handled = 0;
    stage.service(1).handle(() => {
      handled += 1;
      return [{ type: 'put', key: 'effect', value: bytes }];
    });
    fails.batch = 2;
    stage.deliver(1);
    stage.net.advance(1_000);
    expect(stage.heard).toEqual(['120: 1 is handled']);
    expect(handled).toBe(1);
    expect(stage.keys(1)).toContain('effect');
    const error = failed('RXMESH_STORE_FAILED');
    expect(stage.events('source-failed', 1)).toMatchObject([{ error }, { error }]);
    stage.net.stop();
  });

  it.each([
    ['fails to open', 'open'],
    ['fails whatever it is asked', 'all'],
  ] as const)('that %s is tried again each second', (_, what) => {
    const { fails, failingStore } = failing();
    fails[what] = 3;
    const stage = new Stage({ stores: [failingStore, failingStore] });
    stage.start();
    stage.service(1).handle(() => undefined);
    stage.deliver(1);
    stage.net.advance(500);
    expect(stage.heard).toEqual([]);
    stage.net.advance(5_000);
    expect(stage.heard.length).toBe(1);
    const events = [...stage.events('source-failed', 0), ...stage.events('source-failed', 1)];
    const error = failed('RXMESH_STORE_FAILED');
    expect(events.length).toBeGreaterThan(0);
    expect(events).toMatchObject(events.map(() => ({ error })));
    stage.net.stop();
  });

  it('that never answers holds the message back until its time is over', () => {
    const never: DeliveryStore = { ...simulatedStore(), batch: () => NEVER };
    const stage = new Stage({ stores: [never] });
    stage.start();
    stage.service(1).handle(() => undefined);
    stage.deliver(1, { timeoutMs: 100 });
    stage.net.advance(1_000);
    expect(stage.heard).toEqual(['100: 1 RXMESH_DELIVERY_TIMEOUT']);
    expect(stage.service(0).snapshot().messages).toBe(0);
    stage.net.stop();
  });

  it('with damaged records is used without them, and they are reported and deleted', () => {
    const stage = new Stage({ stores: true });
    stage.start();
    stage.crash(1);
    for (let n = 1; n <= 3; n += 1) stage.deliver(n);
    stage.crash(0);
    const keys = stage.keys(0).filter((key) => key.includes('/message/'));
    expect(keys.length).toBe(3);
    const prefix = 'rxmesh-deliveries/1/7/';
    const puts = [keys[1] ?? '', `${prefix}odd/1`, `${prefix}inbox/${stage.id(1)}`];
    const changes = puts.map((key) => ({ type: 'put' as const, key, value: bytes }));
    from(stage.storeOf(0).batch(changes, encodings)).subscribe();
    const handled: number[] = [];
    stage.setUps.push((service, node) => {
      if (node === 1) service.handle(({ message }) => void handled.push(message));
    });
    stage.net.restart(0);
    stage.net.restart(1);
    stage.net.settle();
    stage.net.advance(100);
    expect(handled).toEqual([1, 3]);
    expect(stage.keys(0).filter((key) => !key.includes('/outbox/'))).toEqual([]);
    expect(stage.service(0).snapshot().messages).toBe(0);
    stage.net.stop();
  });

  it('remembers a failure until the sender has noted it', () => {
    const stage = new Stage({ stores: true });
    stage.start();
    stage.service(1).handle(({ message }) => {
      throw new DeliveryError('odd', `${message} is odd`);
    });
    stage.deliver(1);
    stage.deliver(2);
    // The handler has given up, and the sender dies before it learns that.
    stage.net.advance(16);
    stage.crash(0);
    expect(stage.keys(1).filter((key) => key.includes('/failure/')).length).toBe(2);
    stage.crash(1);
    const failures: string[] = [];
    stage.setUps.push((service, node) => {
      service.undelivered$.subscribe(({ message, error }) => {
        failures.push(`${node}: ${String(message)} ${told(error)}`);
      });
    });
    stage.net.restart(0);
    stage.net.restart(1);
    stage.net.settle();
    stage.service(1).handle(() => undefined);
    stage.net.advance(100);
    expect(failures).toEqual([
      '0: 1 RXMESH_DELIVERY_FAILED "odd" 1 is odd',
      '0: 2 RXMESH_DELIVERY_FAILED "odd" 2 is odd',
    ]);
    expect(stage.keys(1).filter((key) => key.includes('/failure/'))).toEqual([]);
    stage.net.stop();
  });

  it('keeps the time of a delivery, which goes on while the process is away', () => {
    const stage = new Stage({ stores: true });
    stage.start();
    stage.crash(1);
    stage.deliver(1, { timeoutMs: 5_000 });
    stage.net.advance(1_000);
    stage.crash(0);
    const failures: string[] = [];
    stage.setUps.push((service) => {
      service.undelivered$.subscribe(({ error }) =>
        failures.push(`${stage.net.now()} ${error.code}`),
      );
    });
    stage.net.advance(1_000);
    const startMs = stage.net.now();
    stage.net.restart(0);
    stage.net.advance(2_900);
    expect(failures).toEqual([]);
    stage.net.advance(200);
    expect(failures).toEqual([`${startMs + 3_000} RXMESH_DELIVERY_TIMEOUT`]);
    expect(stage.keys(0).filter((key) => key.includes('/message/'))).toEqual([]);
    stage.net.stop();
  });

  it('that is older than what the peer has seen makes a new sender, and nothing is lost', () => {
    const stage = new Stage({ stores: true });
    const handled: number[] = [];
    stage.start((service, node) => {
      if (node === 1) service.handle(({ message }) => void handled.push(message));
    });
    stage.deliver(1);
    stage.net.advance(100);
    stage.deliver(2);
    const range = { gt: '', lt: '~', limit: 100, ...encodings };
    let backup: [string, Uint8Array][] = [];
    from(stage.storeOf(0).iterator(range).all()).subscribe((records) => (backup = records));
    for (let n = 3; n <= 6; n += 1) stage.deliver(n);
    stage.net.advance(100);
    stage.crash(0);
    // The disk has lost the last writes.
    const dels = stage.keys(0).map((key) => ({ type: 'del' as const, key }));
    const puts = backup.map(([key, value]) => ({ type: 'put' as const, key, value }));
    from(stage.storeOf(0).batch([...dels, ...puts], encodings)).subscribe();
    stage.net.restart(0);
    for (let n = 7; n <= 9; n += 1) stage.deliver(n);
    stage.net.settle();
    stage.net.advance(1_000);
    expect(handled).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(stage.events('peer-reported', 0)).toEqual([]);
    expect(stage.events('source-failed', 0)).toMatchObject([
      { error: failed('RXMESH_STORE_FAILED') },
    ]);
    stage.net.stop();
  });

  it('keeps what is not delivered when the service closes', () => {
    const stage = new Stage({ stores: true });
    stage.start();
    stage.service(1).handle(() => NEVER);
    stage.deliver(1);
    stage.net.advance(15);
    stage.service(0).close();
    stage.service(1).close();
    stage.service(1).close();
    stage.deliver(2);
    expect(stage.heard).toEqual(['15: 1 RXMESH_CHANNEL_CLOSED', '15: 2 RXMESH_CHANNEL_CLOSED']);
    expect(stage.keys(0).filter((key) => key.includes('/message/')).length).toBe(1);
    stage.net.stop();
  });

  it('forgets the sender that was away for the longest time', () => {
    const net = simulate({ nodes: 4, latencyMs: 1 });
    const store = simulatedStore();
    const options = { id: 7, codec: json<number>() };
    const receiving = deliveries(net.node(0).router, { ...options, store, maxSenders: 2 });
    receiving.handle(() => undefined);
    net.start();
    for (let node = 1; node <= 3; node += 1) {
      const sending = deliveries(net.node(node).router, options);
      sending.deliver({ to: net.node(0).id, message: node }).subscribe();
      net.advance(50);
      sending.close();
      net.advance(50);
    }
    let keys: string[] = [];
    const range = { gt: '', lt: '~', limit: 100, ...encodings };
    from(store.iterator(range).all()).subscribe((records) => (keys = records.map(([key]) => key)));
    const ids = [2, 3].map((node) => `rxmesh-deliveries/1/7/inbox/${net.node(node).id}`);
    expect(keys).toEqual(ids.sort());
    net.stop();
  });

  it('does not forget a sender while its message is being handled, though it is away', () => {
    const net = simulate({ nodes: 5, latencyMs: 1 });
    const options = { id: 7, codec: json<number>() };
    const receiving = deliveries(net.node(0).router, { ...options, maxSenders: 2 });
    const handled: number[] = [];
    const saved = new Subject<void>();
    receiving.handle(({ message }) => {
      handled.push(message);
      return message === 1 ? saved : EMPTY;
    });
    net.start();
    let isDelivered = false;
    deliveries(net.node(1).router, options)
      .deliver({ to: net.node(0).id, message: 1 })
      .subscribe({ complete: () => (isDelivered = true) });
    net.advance(50);
    net.partition([1], [0, 2, 3, 4]);
    for (let node = 2; node <= 4; node += 1) {
      const sending = deliveries(net.node(node).router, options);
      sending.deliver({ to: net.node(0).id, message: node }).subscribe();
      net.advance(50_000);
      sending.close();
      net.advance(50);
    }
    net.heal();
    net.advance(120_000);
    // It has come again with its message, which is still being handled.
    expect([handled, isDelivered]).toEqual([[1, 2, 3, 4], false]);
    saved.complete();
    net.advance(1_000);
    expect([handled, isDelivered]).toEqual([[1, 2, 3, 4], true]);
    net.stop();
  });
});

/** Lets promises settle. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('whenEmpty', () => {
  it('resolves when all that waits is handled, also what an earlier process has left', async () => {
    const stage = new Stage({ stores: true });
    stage.start((service, node) => {
      if (node === 1) service.handle(() => undefined);
    });
    await stage.service(0).whenEmpty();
    stage.crash(1);
    stage.deliver(1);
    stage.deliver(2);
    stage.net.advance(100);
    stage.crash(0);
    stage.net.restart(0);
    let isEmpty = false;
    const empty = stage
      .service(0)
      .whenEmpty()
      .then(() => (isEmpty = true));
    stage.net.advance(10_000);
    await turn();
    expect([isEmpty, stage.service(0).snapshot().messages]).toEqual([false, 2]);
    stage.net.restart(1);
    stage.net.advance(10_000);
    await empty;
    expect(stage.service(0).snapshot().messages).toBe(0);
    stage.net.stop();
  });

  it.each([0, 1])('waits until the store is read, in which are %i messages', async (messages) => {
    const net = simulate({ nodes: 2 });
    const store = simulatedStore();
    const options = { id: 7, codec: json<number>() };
    const [near, far] = [net.node(0).router, net.node(1).router];
    const earlier = deliveries(near, { ...options, store });
    for (let n = 0; n < messages; n += 1) {
      earlier.deliver({ to: far.id, message: n }).subscribe({ error: () => undefined });
    }
    earlier.close();
    const isRead = new Subject<void>();
    const service = deliveries(near, {
      ...options,
      store: {
        open: () => store.open(),
        batch: (operations, by) => store.batch(operations, by),
        iterator: (range) => ({
          all: () => isRead.pipe(concatMap(() => store.iterator(range).all())),
        }),
      },
    });
    let isEmpty = false;
    const empty = service.whenEmpty().then(() => (isEmpty = true));
    await turn();
    isRead.next();
    isRead.complete();
    const isThere = service.snapshot().messages;
    await turn();
    expect([isThere, isEmpty]).toEqual([messages, messages === 0]);
    deliveries(far, options).handle(() => undefined);
    net.start();
    net.advance(1_000);
    await empty;
    net.stop();
  });

  it('rejects when the service closes first, and when it is closed', async () => {
    const stage = new Stage({ stores: true });
    stage.start();
    stage.deliver(1);
    const empty = stage.service(0).whenEmpty();
    stage.service(0).close();
    await expect(empty).rejects.toMatchObject({ code: 'RXMESH_CHANNEL_CLOSED', channel: 7 });
    await expect(stage.service(0).whenEmpty()).rejects.toThrow('closed');
    stage.net.stop();
  });
});
