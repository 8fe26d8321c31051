import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from '@jest/globals';
import { asyncScheduler, NEVER, of, throwError, timer, VirtualTimeScheduler } from 'rxjs';
import { counted, expectIdle, leakCheck, trackLeaks, type LeakCheck } from './leaks.ts';

/** Cleans up the leaks of a test, whether it passed or not. */
const releases: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0)) await release();
});
trackLeaks();

/** `resource`, released after the test at the latest. */
function held<T>(resource: T, release: (resource: T) => unknown): T {
  releases.push(() => release(resource));
  return resource;
}

const forgetTimeout = (): NodeJS.Timeout =>
  held(
    setTimeout(() => undefined, 60_000),
    clearTimeout,
  );

const forgetInterval = (): NodeJS.Timeout =>
  held(
    setInterval(() => undefined, 60_000),
    clearInterval,
  );

const closeServer = (server: Server): unknown => server.close();
const destroySocket = (socket: Socket): unknown => socket.destroy();

/** A listening server, and the sockets that it has accepted. */
async function listen(): Promise<{ server: Server; accepted: Socket[] }> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(held(socket, destroySocket)));
  held(server.listen(0, '127.0.0.1'), closeServer);
  await once(server, 'listening');
  return { server, accepted };
}

async function dial(server: Server): Promise<Socket> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP address');
  const accepted = once(server, 'connection');
  const socket = held(connect(address.port, address.address), destroySocket);
  await Promise.all([once(socket, 'connect'), accepted]);
  return socket;
}

describe('leakCheck', () => {
  const watch = (turns = 20): LeakCheck => held(leakCheck({ turns }), (leaks) => leaks.stop());

  it('passes when nothing is left', async () => {
    const leaks = watch();
    clearTimeout(forgetTimeout());
    await leaks.check();
  });

  it('passes when what is left was there before', async () => {
    forgetTimeout();
    await watch().check();
  });

  it('throws for a timeout, with where it was made', async () => {
    const leaks = watch();
    const forgotten = forgetTimeout();
    const place = /^left behind: timer \(spec\/support\/leaks\.spec\.ts:\d+:\d+\)$/;
    await expect(leaks.check()).rejects.toThrow(place);
    await expect(leaks.check()).rejects.toThrow(place);
    clearTimeout(forgotten);
    await leaks.check();
  });

  it('throws for a timeout even if one from before has ended', async () => {
    const earlier = forgetTimeout();
    const leaks = watch();
    forgetTimeout();
    clearTimeout(earlier);
    await expect(leaks.check()).rejects.toThrow('left behind: timer');
  });

  it('throws for each interval', async () => {
    const leaks = watch();
    const forgotten = [forgetInterval(), forgetInterval()];
    await expect(leaks.check()).rejects.toThrow(/timer .*, timer /);
    forgotten.forEach((interval) => {
      clearInterval(interval);
    });
    await leaks.check();
  });

  it('throws for a subscription to a timer on the async scheduler', async () => {
    const leaks = watch();
    const forgotten = held(timer(60_000, asyncScheduler).subscribe(), (it) => it.unsubscribe());
    await expect(leaks.check()).rejects.toThrow('left behind: timer');
    forgotten.unsubscribe();
    await leaks.check();
  });

  it('throws for a timer that sets itself again', async () => {
    const leaks = watch();
    let forgotten: NodeJS.Timeout | undefined;
    releases.push(() => clearTimeout(forgotten));
    const again = (): void => {
      forgotten = setTimeout(again, 1);
    };
    again();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await expect(leaks.check()).rejects.toThrow('left behind: timer');
  });

  it('throws for an endless chain of immediates', async () => {
    const leaks = watch();
    let forgotten: NodeJS.Immediate | undefined;
    releases.push(() => clearImmediate(forgotten));
    const again = (): void => {
      forgotten = setImmediate(again);
    };
    again();
    await expect(leaks.check()).rejects.toThrow('left behind: immediate');
  });

  it('throws for a child process', async () => {
    const leaks = watch();
    const script = 'setInterval(() => {}, 1000)';
    const child = held(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), (it) =>
      it.kill(),
    );
    await expect(leaks.check()).rejects.toThrow('left behind: child process');
    child.kill();
    await once(child, 'exit');
    await leaks.check();
  });

  it('throws for a worker', async () => {
    const leaks = watch();
    const script = 'setInterval(() => {}, 1000)';
    const worker = held(new Worker(script, { eval: true }), (it) => it.terminate());
    await expect(leaks.check()).rejects.toThrow('worker (spec/support/leaks.spec.ts');
    await worker.terminate();
    await leaks.check();
  });

  it('throws for a server', async () => {
    const leaks = watch();
    const { server } = await listen();
    await expect(leaks.check()).rejects.toThrow('left behind: server');
    server.close();
    await leaks.check();
  });

  it('throws for both ends of a connection', async () => {
    const { server } = await listen();
    const leaks = watch();
    await dial(server);
    await expect(leaks.check()).rejects.toThrow(/left behind: socket .*, socket /);
  });

  it('gives sockets time to close', async () => {
    const leaks = watch(2000);
    const { server, accepted } = await listen();
    const socket = await dial(server);
    socket.end();
    server.close();
    [socket, ...accepted].forEach((end) => end.resume());
    await leaks.check();
  });

  it('ignores what does not keep the process alive', async () => {
    const leaks = watch();
    forgetTimeout().unref();
    await leaks.check();
  });

  it('sees nothing more once stopped', async () => {
    const leaks = watch();
    leaks.stop();
    forgetTimeout();
    await leaks.check();
  });
});

describe('trackLeaks', () => {
  it('checks after each test what was made since it began', async () => {
    const before: (() => void)[] = [];
    const after: (() => Promise<void>)[] = [];
    trackLeaks({
      turns: 20,
      hooks: { beforeEach: (hook) => before.push(hook), afterEach: (hook) => after.push(hook) },
    });
    const run = async (test: () => unknown): Promise<void> => {
      before.forEach((hook) => {
        hook();
      });
      test();
      await Promise.all(after.map((hook) => hook()));
    };

    await run(() => undefined);
    await expect(run(forgetTimeout)).rejects.toThrow('left behind: timer');
    await run(() => undefined);
  });
});

describe('expectIdle', () => {
  it('passes when all actions ran', () => {
    const scheduler = new VirtualTimeScheduler();
    timer(5, scheduler).subscribe();
    scheduler.flush();
    expectIdle(scheduler);
  });

  it('passes when all actions are cancelled', () => {
    const scheduler = new VirtualTimeScheduler();
    timer(5, 5, scheduler).subscribe().unsubscribe();
    expectIdle(scheduler);
  });

  it('throws for a pending action, and names its frame', () => {
    const scheduler = new VirtualTimeScheduler();
    timer(5, scheduler).subscribe();
    expect(() => expectIdle(scheduler)).toThrow('1 scheduled actions are left, for frame 5');
  });

  it('throws for an action that repeats itself', () => {
    const scheduler = new VirtualTimeScheduler(undefined, 12);
    timer(5, 5, scheduler).subscribe();
    scheduler.flush();
    expect(() => expectIdle(scheduler)).toThrow('for frame 15');
  });
});

describe('counted', () => {
  it('counts current and total subscribers', () => {
    const source$ = counted(NEVER);
    const subscriptions = [source$.subscribe(), source$.subscribe()];
    expect([source$.live, source$.total]).toEqual([2, 2]);
    subscriptions.forEach((subscription) => subscription.unsubscribe());
    expect([source$.live, source$.total]).toEqual([0, 2]);
  });

  it('counts down once when the source completes or fails, or its subscriber unsubscribes', () => {
    const completing$ = counted(of(1, 2));
    const failing$ = counted(throwError(() => new Error('no')));
    completing$.subscribe().unsubscribe();
    failing$.subscribe({ error: () => undefined }).unsubscribe();
    expect([completing$.live, completing$.total]).toEqual([0, 1]);
    expect([failing$.live, failing$.total]).toEqual([0, 1]);
  });

  it('passes on values, completion and errors', () => {
    const seen: unknown[] = [];
    counted(of(1, 2)).subscribe({ next: (n) => seen.push(n), complete: () => seen.push('end') });
    counted(throwError(() => new Error('no'))).subscribe({
      error: (error: unknown) => seen.push(error),
    });
    expect(seen).toEqual([1, 2, 'end', new Error('no')]);
  });
});
