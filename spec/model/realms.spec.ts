import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, Observable, of, Subject, toArray } from 'rxjs';
import {
  createRouter,
  Flow,
  flowFrom,
  Identity,
  isFlow,
  json,
  nodeIdFromPublicKey,
  raw,
  RxmeshError,
  secureAccept,
  secureDial,
  type Codec,
  type FrameSocket,
} from '../../lib/index.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { simulate } from '../../lib/testing/simulation.ts';
import type { SimulationOptions } from '../../lib/testing/simulation-options.ts';
import { asBytes, isArrayBuffer } from '../../lib/model/bytes.ts';
import { described } from '../../lib/model/described.ts';
import { toRxmeshError } from '../../lib/model/error.ts';
import { clockOf } from '../../lib/flow/flow.ts';
import { selfOf } from '../../lib/transport/self.ts';
import * as op from '../../operators/index.ts';
import { MemoryNetwork } from '../../transports/memory/index.ts';
import { consume } from '../support/consume.ts';
import { TestSocket } from '../support/frame-socket-pair.ts';

/** What a script in another realm gives. */
const foreign = (script: string): unknown => runInNewContext(script) as unknown;

/** So many bytes of another realm: 1, 2, 3 and so on. */
const foreignBytes = (length: number): Uint8Array =>
  foreign(`new Uint8Array(${length}).map((_, i) => i + 1)`) as Uint8Array;
const ownBytes = (length: number): Uint8Array => new Uint8Array(length).map((_, i) => i + 1);
const peer = nodeIdFromPublicKey(ownBytes(32));

/** A second copy of a module, as a bundle may hold. */
async function copyOf<M>(path: string): Promise<M> {
  return (await import(`${path}?copy`)) as M;
}

describe('L-33 bytes of another realm are bytes', () => {
  it('which `instanceof` does not know', () => {
    expect(foreignBytes(3) instanceof Uint8Array).toBe(false);
  });

  it('as bytes of this realm, in the same memory', () => {
    const bytes = foreign('new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4)') as Uint8Array;
    const own = asBytes(bytes);
    expect(own).toBeInstanceOf(Uint8Array);
    expect(own).toEqual(Uint8Array.of(1, 2, 3));
    bytes[0] = 7;
    expect(own?.[0]).toBe(7);
    const here = Uint8Array.of(1);
    const buffer = Buffer.of(1);
    expect([asBytes(here), asBytes(buffer)]).toEqual([here, buffer]);
    expect(asBytes(here)).toBe(here);
  });

  it.each([
    ['a DataView', 'new DataView(new ArrayBuffer(3))'],
    ['numbers of 16 bits', 'new Uint16Array(3)'],
    ['clamped bytes', 'new Uint8ClampedArray(3)'],
    ['an ArrayBuffer', 'new ArrayBuffer(3)'],
    ['a list', '[1, 2, 3]'],
    ['text', '"abc"'],
    ['nothing', 'null'],
  ])('but not %s', (_, script) => {
    expect(asBytes(foreign(script))).toBe(undefined);
  });

  it('an ArrayBuffer of another realm is one', () => {
    const buffers = ['new ArrayBuffer(1)', 'new Uint8Array(1)', '"text"', 'null'].map(foreign);
    expect(buffers.map(isArrayBuffer)).toEqual([true, false, false, false]);
  });

  it('raw and encode take them', () => {
    expect(raw().encode(foreignBytes(3))).toBeInstanceOf(Uint8Array);
    const codec: Codec<number> = { encode: foreignBytes, decode: ({ length }) => length };
    const heard: unknown[] = [];
    of({ to: peer, message: 3 })
      .pipe(op.encode(codec))
      .subscribe(({ message }) => heard.push(message));
    expect(heard).toEqual([ownBytes(3)]);
    expect(heard[0]).toBeInstanceOf(Uint8Array);
  });

  it.each([32, 31])('a seed of %d bytes', (length) => {
    const make = (): Identity => Identity.fromSeed(foreignBytes(length));
    if (length === 32) expect(make().id).toBe(Identity.fromSeed(ownBytes(32)).id);
    else expect(make).toThrow(expect.objectContaining({ code: 'RXMESH_KEY_INVALID' }));
  });

  it('a seed has bytes, and not 32 numbers of another size', () => {
    const numbers = new Uint16Array(32) as unknown as Uint8Array;
    expect(() => Identity.fromSeed(numbers)).toThrow(
      expect.objectContaining({ code: 'RXMESH_KEY_INVALID' }),
    );
  });

  it('a public key', () => {
    const { publicKey, id } = Identity.fromSeed(ownBytes(32));
    const key = foreign(`new Uint8Array([${publicKey.join(', ')}])`) as Uint8Array;
    expect(nodeIdFromPublicKey(key)).toBe(id);
  });

  const lengths = [0, 3, 500, 10_000, 70_000, 1_000_000];
  const protections = ['trusted', 'proven', 'encrypted'] as const;
  it.each(protections)(
    'messages between nodes, %s: what arrives is of this realm',
    (protection) => {
      const options: SimulationOptions = { nodes: 2, protection };
      const net = simulate(options);
      const own: Codec<number> = { encode: foreignBytes, decode: ({ length }) => length };
      const chat = net.openChannels({ id: 1, codec: raw() });
      const counts = net.openChannels({ id: 2, codec: own });
      net.start();
      const heard: Uint8Array[] = [];
      const heardCounts: number[] = [];
      chat(1).in$.subscribe(({ message }) => heard.push(message.slice()));
      counts(1).in$.subscribe(({ message }) => heardCounts.push(message));
      for (const length of lengths) {
        chat(0).out.next({ broadcast: true, message: foreignBytes(length) });
        counts(0).out.next({ broadcast: true, message: length });
        net.advance(10);
      }
      expect(heardCounts).toEqual(lengths);
      expect(heard.map(({ length }) => length)).toEqual(lengths);
      for (const bytes of heard) {
        expect(bytes).toBeInstanceOf(Uint8Array);
        expect(Buffer.compare(bytes, ownBytes(bytes.length))).toBe(0);
      }
      net.stop();
    },
  );

  it('frames of a socket, and the key of a handshake', () => {
    const sockets = [new TestSocket('outbound'), new TestSocket('inbound')] as const;
    const dial = secureDial({ ephemeralSeed: foreignBytes(32) });
    const seeds = [1, 2].map((seed) => Identity.fromSeed(new Uint8Array(32).fill(seed)));
    const links: unknown[] = [];
    const copied = (frame: Uint8Array): Uint8Array =>
      foreign(`new Uint8Array([${frame.join(', ')}])`) as Uint8Array;
    for (const [i, socket] of sockets.entries()) {
      const identity = seeds[i] ?? seeds[0];
      if (identity === undefined) throw new Error('no identity');
      const self = selfOf({ identity, network: 'n' });
      const abroad: FrameSocket = Object.create(socket, {
        send: { value: (frame: Uint8Array) => socket.send(frame) },
        frames$: {
          value: new Observable<Uint8Array>((subscriber) =>
            socket.frames$.subscribe((frame) => subscriber.next(copied(frame))),
          ),
        },
      }) as FrameSocket;
      (i === 0 ? dial.connect(abroad) : secureAccept(abroad, copied(dial.hello)))
        .handshake(self)
        .subscribe({
          next: (link) => links.push(link.publicKey),
          error: (error: unknown) => links.push(error),
        });
    }
    const [a, b] = sockets;
    for (let flights = 0; flights < 4; flights += 1) {
      for (const frame of a.outbox.splice(0)) b.arrive(frame);
      for (const frame of b.outbox.splice(0)) a.arrive(frame);
    }
    expect(links).toHaveLength(2);
    expect(links).toEqual(expect.arrayContaining(seeds.map(({ publicKey }) => publicKey)));
  });

  it('chunks of a stream pass as they are', async () => {
    const chunk = foreignBytes(3);
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(chunk);
        controller.close();
      },
    });
    expect(await firstValueFrom(op.fromReadableStream(stream).pipe(toArray()))).toEqual([chunk]);
  });

  it('iterables of another realm are iterables', () => {
    const values = foreign('new Set([1, 2])') as Iterable<number>;
    const { heard, demand } = consume(flowFrom(values));
    demand.request(9);
    expect(heard).toEqual([1, 2, '|']);
  });

  it('JSON of another realm is JSON', () => {
    const message = foreign('({ text: "hello", list: [1] })');
    const codec = json<unknown>();
    expect(codec.decode(codec.encode(message))).toEqual({ text: 'hello', list: [1] });
  });

  it('errors say what a promise of another realm is, and what its errors say', () => {
    expect(described(foreign('Promise.resolve()'))).toBe('a Promise (missing `await`?)');
    const thrown = foreign('new TypeError("from afar")');
    const { message } = toRxmeshError(thrown, 'RXMESH_DECODE_FAILED', 'a message');
    expect(message).toBe('a message: from afar');
  });
});

describe('L-33 what another copy of rxmesh or RxJS has made', () => {
  type Errors = typeof import('../../lib/model/error.ts');
  type Flows = typeof import('../../lib/flow/flow.ts');
  type Identities = typeof import('../../lib/model/identity.ts');

  it('its errors are errors of rxmesh, and keep their codes', async () => {
    const copy = await copyOf<Errors>('../../lib/model/error.ts');
    const error = new copy.RxmeshError('RXMESH_DIAL_FAILED', 'nobody there');
    expect(copy.RxmeshError).not.toBe(RxmeshError);
    expect(error instanceof RxmeshError).toBe(true);
    expect(toRxmeshError(error, 'RXMESH_LISTEN_FAILED', '', { peer })).toMatchObject({
      code: 'RXMESH_DIAL_FAILED',
      peer,
    });
    const others = [new Error('no'), { code: 'RXMESH_DIAL_FAILED' }, { name: 'RxmeshError' }, null];
    expect(others.map((each) => each instanceof RxmeshError)).toEqual(others.map(() => false));
  });

  it('a class that extends RxmeshError has instances of its own', () => {
    class Special extends RxmeshError {}
    const plain = new RxmeshError('RXMESH_STOPPED', '');
    const special = new Special('RXMESH_STOPPED', '');
    expect([plain instanceof Special, special instanceof Special]).toEqual([false, true]);
    expect(special instanceof RxmeshError).toBe(true);
  });

  it('its flows are flows, with their clock', async () => {
    const copy = await copyOf<Flows>('../../lib/flow/flow.ts');
    const clock = new VirtualClock();
    const flow = new copy.Flow<number>(
      (sink) => ({
        request: () => {
          while (sink.wanted > 0) sink.next(1);
        },
        unsubscribe: () => undefined,
      }),
      undefined,
      { clock },
    );
    expect([flow instanceof Flow, isFlow(flow), clockOf(flow)]).toEqual([false, true, clock]);
    const { heard, demand } = consume(op.boundedMergeMap((value: number) => of(value))(flow));
    demand.request(3);
    expect(heard).toEqual([1, 1, 1]);
    expect(() => op.toReadableStream(flow)).not.toThrow();
    expect(isFlow(of(1))).toBe(false);
  });

  it('an Observable of another RxJS behind a flow is not a flow, but an Observable', () => {
    const source = new Subject<number>();
    const other = {
      lift: () => other,
      subscribe: (observer: Subject<number>) => source.subscribe(observer),
    };
    const piped = flowFrom([1]).pipe(() => other as unknown as Observable<number>);
    expect(isFlow(piped)).toBe(true);
    expect(consume(piped).heard).toEqual(['RXMESH_DEMAND_LOST']);
  });

  it('its identities are identities', async () => {
    const copy = await copyOf<Identities>('../../lib/model/identity.ts');
    const identity = copy.Identity.fromSeed(ownBytes(32));
    expect(identity instanceof Identity).toBe(false);
    const transports = [new MemoryNetwork().transport(identity.id)];
    expect(createRouter({ identity, network: 'n', transports }).id).toBe(identity.id);
    const { id, publicKey } = identity;
    const wrong: readonly unknown[] = [null, {}, { id, publicKey }, { id, publicKey, sign: 1 }];
    for (const given of wrong) {
      const options = { identity: given as Identity, network: 'n', transports };
      expect(() => createRouter(options)).toThrow(
        expect.objectContaining({ code: 'RXMESH_OPTIONS_INVALID' }),
      );
    }
  });
});
