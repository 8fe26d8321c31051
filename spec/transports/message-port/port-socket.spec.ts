import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import { PortSocket } from '../../../transports/message-port/port-socket.ts';
import { until } from '../../support/until.ts';

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** A socket, and the bare port at the other end. */
function oneEnd() {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const clock = new VirtualClock();
  const [local, remote] = ['here', 'there'].map((path) => ({ protocol: 'port', path }));
  if (local === undefined || remote === undefined) throw new Error('there are two');
  const socket = new PortSocket({ port: port1, direction: 'inbound', local, remote, clock });
  const heard: unknown[] = [];
  port2.on('message', (message) => heard.push(message));
  return { socket, stranger: port2, heard, clock };
}

/** What a socket's reader got: frames, and how it ended. */
function reading(socket: PortSocket) {
  const frames: number[][] = [];
  const ends: string[] = [];
  socket.frames$.subscribe({
    next: (frame) => frames.push([...frame.subarray(0, 3)]),
    error: (error: unknown) => ends.push(String(error)),
    complete: () => ends.push('completed'),
  });
  return { frames, ends };
}

describe('a socket on a message port', () => {
  it('sends a copy of a view, and nothing of the rest of its buffer', async () => {
    const { socket, heard } = oneEnd();
    const all = Uint8Array.of(1, 2, 3, 4, 5);
    socket.send(all.subarray(1, 3));
    all.fill(9);
    await until(() => heard.length === 1);
    const [frame] = heard as [Uint8Array];
    expect([...frame]).toEqual([2, 3]);
    expect(frame.buffer.byteLength).toBe(2);
  });

  it('is not writable while the other side reads nothing, and is again when it says so', async () => {
    const { socket, stranger } = oneEnd();
    let drained = 0;
    socket.drained$.subscribe(() => (drained += 1));
    let sent = 0;
    while (socket.writable) {
      socket.send(new Uint8Array(65_472));
      sent += 1;
    }
    // Four times 64 KiB, with what a frame counts for.
    expect(sent).toBe(4);
    stranger.postMessage(65_536);
    await until(() => drained === 1);
    expect(socket.writable).toBe(true);
  });

  it('reports in quarters of the window what its reader has taken, and nothing while paused', async () => {
    const { socket, stranger, heard } = oneEnd();
    const { frames } = reading(socket);
    socket.pause(true);
    for (let n = 0; n < 3; n += 1) stranger.postMessage(new Uint8Array(32_704).fill(n));
    await until(() => socket.arrivedBytes === 3 * 32_704);
    expect([frames, heard]).toEqual([[], []]);
    socket.pause(false);
    await until(() => heard.length === 1);
    expect(frames.map(([first]) => first)).toEqual([0, 1, 2]);
    expect(heard).toEqual([65_536]);
  });

  it.each([{ what: 'an object' }, true, 7n])(
    'ends with an error when the other side sends %p',
    async (message) => {
      const { socket, stranger, heard } = oneEnd();
      const { ends } = reading(socket);
      stranger.postMessage(message);
      await until(() => socket.closed);
      expect(ends).toEqual([expect.stringContaining('sent a message that is no frame')]);
      await until(() => heard.length === 1);
      expect(heard).toEqual(['']);
    },
  );

  it('ends when the other side sends more than its window, with none of it kept', async () => {
    const { socket, stranger } = oneEnd();
    const { frames, ends } = reading(socket);
    socket.pause(true);
    // Empty frames have a price, too.
    for (let n = 0; n < 16_385; n += 1) stranger.postMessage(new Uint8Array(0));
    await until(() => socket.closed);
    expect(ends).toEqual([expect.stringContaining('sent more than it was asked for')]);
    expect(frames).toEqual([]);
  });

  it.each([NaN, -1, -Infinity])('is not misled by a window of %p', async (bytes) => {
    const { socket, stranger } = oneEnd();
    while (socket.writable) socket.send(new Uint8Array(65_472));
    stranger.postMessage(bytes);
    stranger.postMessage(new Uint8Array(1));
    await until(() => socket.arrivedBytes === 1);
    expect(socket.writable).toBe(false);
  });

  it('is closed 2 s after its end if the other side says nothing', async () => {
    const { socket, heard, clock } = oneEnd();
    socket.close();
    clock.advance(1_999);
    expect(socket.closed).toBe(false);
    await until(() => heard.length === 1);
    expect(heard).toEqual([null]);
    clock.advance(1);
    expect(socket.closed).toBe(true);
  });

  it('ends when the other side is gone without a word', async () => {
    const { socket, stranger } = oneEnd();
    const { ends } = reading(socket);
    stranger.close();
    await until(() => socket.closed);
    expect(ends).toEqual([expect.stringContaining('the other side is gone')]);
  });
});
