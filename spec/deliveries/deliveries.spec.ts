import { describe, expect, it } from '@jest/globals';
import type { NodeId } from 'rxmesh';
import { DeliveryError, type FailedDelivery, type Outgoing } from 'rxmesh/deliveries';
import { NEVER, Observable } from 'rxjs';
import { idle, Stage, told } from './stage.ts';

describe('a delivery', () => {
  it('completes when the handler of the other side has completed', () => {
    const stage = new Stage();
    stage.start();
    const { note, net } = stage;
    stage.service(1).handle(({ from, message, attempt }) => {
      note(`${message} from ${from === stage.id(0)}, attempt ${attempt}`);
      return new Observable((subscriber) => net.clock.schedule(() => subscriber.complete(), 10));
    });
    stage.deliver(1);
    net.advance(100);
    // open and resume take a round trip; then the message, the handler and the acknowledgement.
    expect(stage.heard).toEqual(['15: 1 from true, attempt 1', '30: 1 is handled']);
    stage.deliver(2);
    net.advance(100);
    expect(stage.heard.slice(2)).toEqual(['105: 2 from true, attempt 1', '120: 2 is handled']);
    expect(stage.service(0).snapshot()).toEqual(idle);
    expect(stage.service(1).snapshot()).toEqual(idle);
    net.stop();
  });

  it('waits for a peer, and for its handler', () => {
    const stage = new Stage();
    stage.start();
    stage.crash(1);
    stage.deliver(1);
    stage.net.advance(1_000);
    expect(stage.service(0).snapshot().messages).toBe(1);
    stage.net.restart(1);
    stage.net.settle();
    stage.net.advance(1_000);
    expect(stage.heard).toEqual([]);
    const handled: number[] = [];
    stage.service(1).handle(({ message }) => void handled.push(message));
    stage.net.advance(100);
    expect(handled).toEqual([1]);
    expect(stage.heard.length).toBe(1);
    stage.net.stop();
  });

  it('is handled in order and once, also when the connection breaks', () => {
    const stage = new Stage({ window: 4 });
    const handled: number[] = [];
    stage.start((service, node) => {
      if (node !== 1) return;
      service.handle(({ message }) => {
        return new Observable((subscriber) =>
          stage.net.clock.schedule(() => {
            handled.push(message);
            subscriber.complete();
          }, 3),
        );
      });
    });
    for (let n = 0; n < 50; n += 1) stage.deliver(n);
    for (let cut = 0; cut < 10; cut += 1) {
      stage.net.advance(17);
      stage.net.sever(0, 1);
      stage.net.settle();
    }
    stage.net.advance(10_000);
    expect(handled).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(stage.heard.length).toBe(50);
    stage.net.stop();
  });

  it('is handled once, though the connection breaks and comes back meanwhile', () => {
    const stage = new Stage();
    const started: number[] = [];
    stage.start((service, node) => {
      if (node !== 1) return;
      service.handle(({ message }) => {
        started.push(message);
        return new Observable((subscriber) =>
          stage.net.clock.schedule(() => subscriber.complete(), 200),
        );
      });
    });
    for (let n = 0; n < 3; n += 1) stage.deliver(n);
    stage.net.advance(50);
    stage.net.sever(0, 1);
    stage.net.settle();
    stage.net.advance(100);
    expect(started).toEqual([0]);
    stage.net.advance(1_000);
    expect(started).toEqual([0, 1, 2]);
    expect(stage.heard.length).toBe(3);
    expect(stage.service(0).snapshot()).toEqual(idle);
    stage.net.stop();
  });

  it('fails when the handler gives up at once, with what it shows', () => {
    const stage = new Stage();
    stage.start();
    stage.service(1).handle(({ message }) => {
      if (message === 1) throw new DeliveryError('odd', 'no odd numbers');
    });
    stage.deliver(1);
    stage.deliver(2);
    stage.net.advance(1_000);
    expect(stage.heard).toEqual([
      '20: 1 RXMESH_DELIVERY_FAILED "odd" no odd numbers',
      '20: 2 is handled',
    ]);
    expect(stage.service(0).snapshot()).toEqual(idle);
    stage.net.stop();
  });

  it('is tried again with growing pauses, and then fails on both sides', () => {
    const stage = new Stage({ maxAttempts: 4, retryMinMs: 10, retryMaxMs: 20 });
    stage.start();
    stage.service(1).handle(({ message, attempt }) => {
      if (message !== 1) return;
      stage.note(attempt);
      throw new Error('a secret');
    });
    stage.deliver(1);
    stage.deliver(2);
    stage.net.advance(1_000);
    expect(stage.heard).toEqual([
      '15: 1',
      '25: 2',
      '45: 3',
      '65: 4',
      '70: 1 RXMESH_DELIVERY_FAILED "" the handler has failed 4 times',
      '70: 2 is handled',
    ]);
    const texts = [
      /has failed, and runs again in 10 ms, up to 4 times in all/,
      /has failed 4 times/,
    ];
    expect(stage.events('source-failed', 1)).toEqual(
      texts.map((text) => ({
        type: 'source-failed',
        channel: 7,
        error: expect.objectContaining({
          code: 'RXMESH_DELIVERY_FAILED',
          message: expect.stringMatching(text) as unknown,
          cause: new Error('a secret'),
        }),
      })),
    );
    stage.net.stop();
  });

  it('that is withdrawn is not handled, and those behind it are', () => {
    const stage = new Stage();
    stage.start();
    const handled: number[] = [];
    stage.service(1).handle(({ message }) => void handled.push(message));
    const first = stage.deliver(1);
    stage.deliver(2);
    first.unsubscribe();
    stage.net.advance(100);
    const third = stage.deliver(3);
    stage.deliver(4);
    third.unsubscribe();
    stage.net.advance(100);
    // The third was on its way.
    expect(handled).toEqual([2, 3, 4]);
    expect(stage.heard).toEqual(['20: 2 is handled', '110: 4 is handled']);
    expect(stage.service(0).snapshot()).toEqual(idle);
    stage.net.stop();
  });

  it('fails at once if the recipient is not a node ID, or is this node', () => {
    const stage = new Stage();
    stage.start();
    const heard: string[] = [];
    for (const to of ['x' as NodeId, stage.id(0)]) {
      stage
        .service(0)
        .deliver({ to, message: 1 })
        .subscribe({
          error: (error: unknown) => heard.push(told(error)),
        });
    }
    expect(heard).toEqual(['RXMESH_NODE_ID_INVALID', 'RXMESH_UNDELIVERABLE']);
    stage.net.stop();
  });

  it('is no promise: `await` rejects, and says what to write', async () => {
    const stage = new Stage().start();
    const service = stage.service(0) as unknown as { deliver(message: unknown): Promise<unknown> };
    const outgoing = { to: stage.id(1), message: 1 };
    const awaited = async (): Promise<unknown> => await service.deliver(outgoing);
    await expect(awaited()).rejects.toThrow('use `await firstValueFrom(orders.deliver(...))`');
    expect(stage.service(0).snapshot()).toEqual(idle);
    stage.net.stop();
  });

  it('refuses options that there are not, and takes what undelivered$ emits', () => {
    const stage = new Stage();
    const service = stage.service(0);
    const mistyped: object = { to: stage.id(1), message: 1, timeoutMS: 10 };
    expect(() => service.deliver(mistyped as Outgoing<number>)).toThrow(
      'deliver: there is no option timeoutMS (did you mean timeoutMs?)',
    );
    const misspelt: object = { to: stage.id(1), mesage: 1 };
    expect(() => service.deliver(misspelt as Outgoing<number>)).toThrow('no option mesage');
    const failed: FailedDelivery<number>[] = [];
    const quiet = { error: () => undefined };
    service.undelivered$.subscribe((each) => failed.push(each));
    stage.start();
    service.deliver({ to: stage.id(1), message: 1, timeoutMs: 10 }).subscribe(quiet);
    stage.net.advance(20);
    const [first = { to: stage.id(1) }] = failed;
    service.deliver({ ...first, message: 2, timeoutMs: 10 }).subscribe(quiet);
    stage.net.advance(20);
    expect(failed.map(({ message }) => message)).toEqual([1, 2]);
    stage.net.stop();
  });

  it('fails when its time is over, and undelivered$ reports it', () => {
    const stage = new Stage();
    stage.start();
    const failed: unknown[] = [];
    stage.service(0).undelivered$.subscribe((each) => failed.push(each));
    stage.service(1).handle(() => NEVER);
    stage.deliver(1, { timeoutMs: 50 });
    stage.net.advance(100);
    expect(stage.heard).toEqual(['50: 1 RXMESH_DELIVERY_TIMEOUT']);
    expect(failed).toMatchObject([
      { to: stage.id(1), message: 1, error: { code: 'RXMESH_DELIVERY_TIMEOUT', channel: 7 } },
    ]);
    expect(stage.service(0).snapshot()).toEqual(idle);
    stage.net.stop();
  });
});
