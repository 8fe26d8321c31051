import { describe, expect, it } from '@jest/globals';
import { VirtualTimeScheduler } from 'rxjs';
import { clockFrom } from '../../../lib/flow/clock.ts';
import { framed } from '../../../transports/libp2p/frames.ts';
import { StreamSocket } from '../../../transports/libp2p/stream-socket.ts';
import { Log } from '../websocket/support.ts';
import { type FakeStream, streamPair } from './fake.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function pair({ firstFrameBytesMax = 131_088, isLimited = false } = {}): {
  scheduler: VirtualTimeScheduler;
  socket: StreamSocket;
  stream: FakeStream;
  other: FakeStream;
} {
  const scheduler = new VirtualTimeScheduler();
  const [stream, other] = streamPair();
  const socket = new StreamSocket({
    stream,
    direction: 'inbound',
    local: { protocol: 'libp2p', path: '/p2p/a' },
    remote: { protocol: 'libp2p', path: '/p2p/b' },
    isLimited,
    clock: clockFrom(scheduler),
    firstFrameBytesMax,
  });
  return { scheduler, socket, stream, other };
}

describe('a socket on a stream of libp2p', () => {
  it('emits frames from pieces of any size, and counts the bytes', async () => {
    const { socket, stream, other } = pair();
    stream.pieceBytes = 3;
    const log = new Log(socket.frames$);
    other.send(framed(bytes(1, 2, 3, 4, 5)));
    other.send(framed(bytes()));
    await turn();
    expect(log.values).toEqual([bytes(1, 2, 3, 4, 5), bytes()]);
    expect(socket.arrivedBytes).toBe(13);
  });

  it('keeps what arrives before there is a reader, and stops the stream', async () => {
    const { socket, stream, other } = pair();
    other.send(framed(bytes(1)));
    await turn();
    other.send(framed(bytes(2)));
    await turn();
    expect(stream.readBufferLength).toBe(5);
    const log = new Log(socket.frames$);
    expect(log.values).toEqual([bytes(1), bytes(2)]);
  });

  it('passes on nothing of the same piece once it is paused', async () => {
    const { socket, other } = pair();
    const taken: Uint8Array[] = [];
    socket.frames$.subscribe((frame) => {
      taken.push(frame);
      socket.pause(true);
    });
    other.send(Buffer.concat([framed(bytes(1)), framed(bytes(2))]));
    await turn();
    expect(taken).toEqual([bytes(1)]);
    socket.pause(false);
    expect(taken).toEqual([bytes(1), bytes(2)]);
  });

  it('can be subscribed to once', () => {
    const { socket } = pair();
    new Log(socket.frames$);
    expect(new Log(socket.frames$).end).toContain('frames$ must be subscribed to once');
  });

  it('gives the first frame to `first`, and bounds it', async () => {
    const { socket, other } = pair({ firstFrameBytesMax: 2 });
    const taken: Uint8Array[] = [];
    socket.first((frame) => taken.push(frame));
    other.send(framed(bytes(1, 2)));
    other.send(framed(bytes(1, 2, 3)));
    await turn();
    const log = new Log(socket.frames$);
    expect([taken, log.values]).toEqual([[bytes(1, 2)], [bytes(1, 2, 3)]]);
  });

  it('ends with a violation for a frame that is too long, and resets the stream', async () => {
    const { socket, stream, other } = pair({ firstFrameBytesMax: 2 });
    const log = new Log(socket.frames$);
    other.send(bytes(0, 0, 0, 3));
    await turn();
    expect([log.end, stream.status]).toEqual(['RXMESH_PROTOCOL_VIOLATION', 'aborted']);
  });

  it('completes when the other side has closed and everything is read', async () => {
    const { scheduler, socket, stream, other } = pair();
    const log = new Log(socket.frames$);
    socket.pause(true);
    other.send(framed(bytes(1)));
    await other.close();
    await turn();
    scheduler.flush();
    expect([log.values, log.end]).toEqual([[], 'open']);
    socket.pause(false);
    expect([log.values, log.end]).toEqual([[bytes(1)], 'complete']);
    await turn();
    expect([stream.status, socket.closed]).toEqual(['closed', true]);
  });

  it('fails when the other side ends within a frame', async () => {
    const { scheduler, socket, other } = pair();
    const log = new Log(socket.frames$);
    other.send(bytes(0, 0, 0, 2, 1));
    await other.close();
    await turn();
    scheduler.flush();
    expect(log.end).toBe('RXMESH_CONNECTION_FAILED');
  });

  it.each([
    { name: 'is reset', act: (stream: FakeStream) => stream.other?.abort(new Error('away')) },
    { name: 'loses its connection', act: (stream: FakeStream) => stream.lose() },
  ])('fails when it $name, and sends nothing more', async ({ act }) => {
    const { socket, stream } = pair();
    const log = new Log(socket.frames$);
    act(stream);
    await turn();
    socket.send(bytes(1));
    expect([log.end, socket.writable, stream.sent]).toEqual([
      'RXMESH_CONNECTION_FAILED',
      false,
      [],
    ]);
  });

  it('says with its connection at a relay that this has limits', () => {
    const [limited, other] = [pair({ isLimited: true }), pair()];
    const ends: string[] = [];
    for (const { socket, stream } of [limited, other]) {
      socket.frames$.subscribe({
        error: (thrown: unknown) => ends.push((thrown as Error).message),
      });
      stream.lose();
    }
    const text = 'the libp2p connection has ended';
    expect(ends.map((end) => end.split(': ').at(-1))).toEqual([
      `${text}, which a relay limits`,
      text,
    ]);
  });

  it('says so to a reader that comes later', () => {
    const { socket, stream } = pair();
    stream.lose();
    expect(new Log(socket.frames$).end).toBe('RXMESH_CONNECTION_FAILED');
  });

  it('fails when the stream takes nothing, instead of throwing', () => {
    const { socket, stream } = pair();
    const log = new Log(socket.frames$);
    stream.isBroken = true;
    socket.send(bytes(1));
    expect([log.end, stream.status]).toEqual(['RXMESH_CONNECTION_FAILED', 'aborted']);
  });

  it('is not writable until the stream has drained, and says so once', async () => {
    const { scheduler, socket, other } = pair();
    other.addEventListener('message', () => undefined);
    other.pause();
    const drained = new Log(socket.drained$);
    for (let i = 0; i < 4; i += 1) socket.send(new Uint8Array(131_000));
    expect(socket.writable).toBe(false);
    other.resume();
    await turn();
    expect(drained.values.length).toBe(0);
    scheduler.flush();
    expect([socket.writable, drained.values.length]).toEqual([true, 1]);
  });

  it('closing waits 2 s for the other side, then resets', async () => {
    const { scheduler, socket, stream } = pair();
    socket.close();
    socket.close();
    await turn();
    expect([stream.status, socket.closed]).toEqual(['open', false]);
    scheduler.flush();
    expect([scheduler.frame, stream.status, socket.closed]).toEqual([2_000, 'aborted', true]);
  });

  it('closing drops what arrives, so that the end of the other side arrives', async () => {
    const { scheduler, socket, stream, other } = pair();
    const log = new Log(socket.frames$);
    socket.pause(true);
    other.send(framed(bytes(1)));
    socket.close();
    await other.close();
    await turn();
    expect([log.values, log.end, stream.status]).toEqual([[], 'complete', 'closed']);
    scheduler.flush();
    expect(scheduler.frame).toBe(0);
  });

  it('tells the reason of a refusal, and waits for it to be read', async () => {
    const { socket, stream, other } = pair();
    const read: unknown[] = [];
    other.addEventListener('message', ({ data }) => read.push(data));
    socket.destroy('full');
    await turn();
    expect(read).toEqual([bytes(0x80, 0, 0, 4, 102, 117, 108, 108)]);
    expect(stream.status).toBe('open');
    await other.close();
    await turn();
    expect(stream.status).toBe('closed');
  });

  it('has room for all that Yamux may bring while it is paused', () => {
    expect(pair().stream.maxReadBufferLength).toBeGreaterThan(16 * 1_048_576);
  });
});
