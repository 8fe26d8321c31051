import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Subscription } from 'rxjs';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import type { FrameSocket } from '../../../lib/transport/frame-socket.ts';
import { FairReads } from '../../../transports/comet/fair-reads.node.ts';
import { listenTcp } from '../../../transports/comet/tcp.node.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';
import { Turns } from '../../../lib/transport/turns.ts';

const clients: Socket[] = [];
const servers: Subscription[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.unsubscribe();
});
trackLeaks();

/** A listener on a clock that stands still unless a test takes time, and what it has accepted. */
async function listening() {
  const clock = new VirtualClock();
  const accepted: FrameSocket[] = [];
  let port = 0;
  const incoming = listenTcp({ host: '127.0.0.1' }, clock, (bound) => (port = bound.port ?? 0));
  servers.push(incoming.subscribe((socket) => accepted.push(socket)));
  await until(() => port > 0);
  const dial = async (): Promise<{ client: Socket; socket: FrameSocket }> => {
    const client = connect({ host: '127.0.0.1', port, noDelay: true });
    clients.push(client);
    await until(() => accepted.length > 0);
    const [socket] = accepted.splice(0);
    if (socket === undefined) throw new Error('no socket');
    return { client, socket };
  };
  return { clock, dial };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a TCP socket that brings much', () => {
  it('S-01 loses nothing while it takes turns', async () => {
    const { clock, dial } = await listening();
    const { client, socket } = await dial();
    const parts: Uint8Array[] = [];
    const bytes = (): number => parts.reduce((total, { length }) => total + length, 0);
    socket.frames$.subscribe((read) => {
      parts.push(read);
      clock.advance(2);
    });
    const message = new Uint8Array(4 * 2 ** 20).map((_, at) => at % 251);
    client.write(message);
    await until(() => bytes() >= message.length);
    expect(Buffer.concat(parts).equals(message)).toBe(true);
  });

  it('S-01 does not hold up a socket that brings little', async () => {
    const { clock, dial } = await listening();
    const busy = await dial();
    const quiet = await dial();
    const log: string[] = [];
    busy.socket.frames$.subscribe(() => {
      clock.advance(5);
      log.push('busy');
    });
    quiet.socket.frames$.subscribe(() => log.push('quiet'));
    busy.client.write(new Uint8Array(8 * 2 ** 20));
    await until(() => log.length > 20);
    const before = log.length;
    quiet.client.write(Uint8Array.of(1));
    await until(() => log.includes('quiet'));
    expect(log.indexOf('quiet') - before).toBeLessThan(20);
  });

  it('stays paused by its reader, and goes on where it stopped', async () => {
    const { dial } = await listening();
    const { client, socket } = await dial();
    const message = new Uint8Array(2 ** 20).map((_, at) => at % 251);
    const parts: Uint8Array[] = [];
    const bytes = (): number => parts.reduce((total, { length }) => total + length, 0);
    let isOver = false;
    socket.frames$.subscribe({
      next: (read) => {
        parts.push(read);
        socket.pause(true);
      },
      complete: () => (isOver = true),
    });
    client.end(message);
    for (let paused = 0; bytes() < message.length && paused < 1_000; paused += 1) {
      const { length } = parts;
      for (let turns = 0; turns < 3; turns += 1) await turn();
      // One more read may have been under way.
      expect(parts.length - length).toBeLessThanOrEqual(1);
      socket.pause(false);
    }
    expect(Buffer.concat(parts).equals(message)).toBe(true);
    socket.pause(false);
    await until(() => isOver);
  });

  it('ends behind what waits for a turn, however soon the other side closes', async () => {
    const { clock, dial } = await listening();
    let turns = 0;
    for (let nth = 0; nth < 6; nth += 1) {
      const busy = await dial();
      busy.socket.frames$.subscribe(() => {
        clock.advance(5);
        turns += 1;
      });
      busy.client.write(new Uint8Array(4 * 2 ** 20));
    }
    await until(() => turns > 12);
    const logs: (number | string | undefined)[][] = [];
    for (let nth = 0; nth < 8; nth += 1) {
      const { client, socket } = await dial();
      const log: (number | string | undefined)[] = [];
      logs.push(log);
      socket.frames$.subscribe({
        next: (read) => log.push(...read),
        complete: () => log.push('end'),
      });
      client.end(Uint8Array.of(1, 2, 3));
    }
    await until(() => logs.every((log) => log.includes('end')));
    expect(logs).toEqual(logs.map(() => [1, 2, 3, 'end']));
  });

  it('drops what waits for a turn when it is closed', async () => {
    const { clock, dial } = await listening();
    const { client, socket } = await dial();
    let reads = 0;
    socket.frames$.subscribe(() => {
      reads += 1;
      clock.advance(5);
      socket.close();
    });
    client.write(new Uint8Array(2 ** 20));
    await until(() => socket.closed || client.readableEnded);
    client.destroy();
    await until(() => socket.closed);
    expect(reads).toBe(1);
    expect(clock.dueTimesMs).toEqual([]);
  });
});

describe('FairReads', () => {
  /** Reads of 64 KiB from a stream without I/O; by default each takes 5 ms, and so a whole turn. */
  function reads(readMs = 5) {
    const clock = new VirtualClock();
    const loops: (() => void)[] = [];
    const stream = new Readable({ read: () => undefined });
    const taken: (number | undefined)[] = [];
    const fair = new FairReads(stream, new Turns(clock, (work) => loops.push(work)), (read) => {
      taken.push(read[0]);
      clock.advance(readMs);
    });
    fair.start();
    const arrive = (first: number, length = 65_536): void => {
      stream.emit('data', Buffer.alloc(length, first));
    };
    const turn = (): void => {
      for (const loop of loops.splice(0)) loop();
    };
    return { fair, stream, taken, arrive, turn };
  }

  it('takes the first one at once, and the others in later turns; the stream is paused', () => {
    const { stream, taken, arrive, turn } = reads();
    arrive(1);
    expect([taken, stream.isPaused()]).toEqual([[1], false]);
    arrive(2);
    arrive(3);
    // A small one does not overtake them.
    arrive(4, 1);
    expect([taken, stream.isPaused()]).toEqual([[1], true]);
    turn();
    expect([taken, stream.isPaused()]).toEqual([[1, 2], true]);
    turn();
    turn();
    expect([taken, stream.isPaused()]).toEqual([[1, 2, 3, 4], false]);
  });

  it('S-01 takes 5 ms of a turn at most, when bytes arrive and when the queue is served', () => {
    const { taken, arrive, turn } = reads(2);
    for (let read = 1; read <= 9; read += 1) arrive(read);
    expect(taken).toEqual([1, 2, 3]);
    turn();
    expect(taken).toEqual([1, 2, 3, 4, 5, 6]);
    turn();
    expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('takes nothing while it is paused, and goes on in its turn', () => {
    const { fair, stream, taken, arrive, turn } = reads();
    arrive(1);
    arrive(2);
    arrive(3);
    fair.pause(true);
    turn();
    turn();
    expect([taken, stream.isPaused()]).toEqual([[1], true]);
    fair.pause(false);
    expect([taken, stream.isPaused()]).toEqual([[1, 2], true]);
    turn();
    expect([taken, stream.isPaused()]).toEqual([[1, 2, 3], false]);
  });

  it('ends once everything has been taken, at once if nothing waits, and not if it stops', () => {
    const { fair, taken, arrive, turn } = reads();
    const log: string[] = [];
    arrive(1);
    arrive(2);
    arrive(3);
    fair.end(() => log.push(`end behind ${taken.join()}`));
    fair.pause(true);
    turn();
    turn();
    expect(log).toEqual([]);
    fair.pause(false);
    turn();
    expect(log).toEqual(['end behind 1,2,3']);
    fair.end(() => log.push('at once'));
    expect(log).toEqual(['end behind 1,2,3', 'at once']);

    const other = reads();
    other.arrive(1);
    other.arrive(2);
    other.fair.end(() => log.push('never'));
    other.fair.stop();
    other.turn();
    other.fair.end(() => log.push('never'));
    expect(log).toEqual(['end behind 1,2,3', 'at once']);
  });

  it('drops what waits when it stops, and leaves the stream alone from then on', () => {
    const { fair, stream, taken, arrive, turn } = reads();
    arrive(1);
    arrive(2);
    fair.stop();
    stream.resume();
    turn();
    arrive(3);
    fair.pause(true);
    expect([taken, stream.isPaused()]).toEqual([[1], false]);
  });
});
