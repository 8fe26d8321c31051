import { afterEach, describe, expect, it } from '@jest/globals';
import protobufjs from 'protobufjs';
import { firstValueFrom, interval, map, take, timer, toArray } from 'rxjs';
import { block, raw, type Channel, flowFrom, protobuf, type Router } from '../../lib/index.ts';
import { boundedMergeMap, pipeTo, sendTo } from '../../operators/index.ts';
import {
  connect,
  directOf,
  endsOf,
  failuresOf,
  isRelayed,
  type Relayed,
  startOpen,
  startRelay,
  startRelayed,
  stopAll,
  upgrading,
} from './relayed-nodes.ts';
import { within } from './within.ts';

interface Item {
  readonly number: number;
}

const { root } = protobufjs.parse('syntax = "proto3"; message Item { uint32 number = 1; }');
const lane = block(16);

let relay: Awaited<ReturnType<typeof startRelay>>;
let nodes: readonly Relayed[] = [];

afterEach(async () => {
  await stopAll(nodes, relay);
  nodes = [];
});

async function start(
  ...[a, b]: readonly [Promise<Relayed>, Promise<Relayed>]
): Promise<readonly [Relayed, Relayed]> {
  const both = [await a, await b] as const;
  nodes = both;
  return both;
}

function itemsOn(router: Router): Channel<Item> {
  const codec = protobuf<Item>(root.lookupType('Item'));
  return router.openChannel({ id: 1, codec, inbound: lane, outbound: lane });
}

function blobsOn(router: Router): Channel<Uint8Array> {
  return router.openChannel({ id: 2, codec: raw(), messageBytesMax: 2 ** 20 });
}

/** Numbers, as fast as the peer takes them. Calls `pulled` with each. */
function* numbersTo(last: number, pulled: (number: number) => void): Generator<Item> {
  for (let number = 1; number <= last; number += 1) {
    pulled(number);
    yield { number };
  }
}

describe('two nodes behind a relay without limits', () => {
  it('exchange messages at the pace of the slower one, and large ones, through it alone', async () => {
    relay = await startRelay({ applyDefaultLimit: false });
    const [a, b] = await start(startRelayed(1, relay), startRelayed(2, relay));
    const [sent, received] = [itemsOn(a.router), itemsOn(b.router)];
    const [blobsA, blobsB] = [blobsOn(a.router), blobsOn(b.router)];
    await connect(a, b);

    const handled: number[] = [];
    const leads: number[] = [];
    received.in$
      .pipe(
        boundedMergeMap(({ message }) => timer(1).pipe(map(() => message.number)), {
          concurrency: 1,
        }),
      )
      .subscribe((number) => handled.push(number));
    const numbers = numbersTo(400, (number) => leads.push(number - handled.length));
    flowFrom(numbers).pipe(sendTo(b.router.id), pipeTo(sent)).subscribe();
    await within(60_000, () => handled.length === 400);
    expect(handled).toEqual(Array.from({ length: 400 }, (_, at) => at + 1));
    // What both lanes and the operator hold, and not what the line would.
    expect(Math.max(...leads)).toBeLessThan(100);

    const large = [1, 2, 3].map((fill) => new Uint8Array(1_000_000).fill(fill));
    for (const [from, to, peer] of [
      [blobsA, blobsB, b.router.id],
      [blobsB, blobsA, a.router.id],
    ] as const) {
      const arrived = firstValueFrom(to.in$.pipe(take(large.length), toArray()));
      for (const message of large) await from.sendOnce({ to: peer, message });
      expect((await arrived).map(({ message }) => [message.length, message[999_999]])).toEqual([
        [1_000_000, 1],
        [1_000_000, 2],
        [1_000_000, 3],
      ]);
    }
    expect([isRelayed(a, b), isRelayed(b, a)]).toEqual([true, true]);
  });
});

describe('two nodes behind a relay that limits connections', () => {
  it('do not use it by default, and say why', async () => {
    relay = await startRelay({});
    const [a, b] = await start(startRelayed(1, relay), startRelayed(2, relay));
    a.router.peers.add(b.address);
    await within(60_000, () => failuresOf(a).length > 0);
    expect(failuresOf(a)[0]).toMatch(/^RXMESH_DIAL_FAILED .*on limited connection$/);
    expect(b.router.snapshot().peers).toEqual([]);
  });

  it.each([
    ['bytes', { defaultDataLimit: 200_000n }],
    ['time', { defaultDurationLimit: 4_000 }],
  ])('lose the connection at the limit of %s, say so, and dial again', async (_, limits) => {
    relay = await startRelay(limits);
    const options = { limitedConnections: true };
    const [a, b] = await start(startRelayed(1, relay, options), startRelayed(2, relay, options));
    const [sent, received] = [blobsOn(a.router), blobsOn(b.router)];
    const endings = (): readonly string[] => [
      ...endsOf(a, b.router.id).slice(0, 1),
      ...endsOf(b, a.router.id).slice(0, 1),
    ];
    let arrived = 0;
    received.in$.subscribe(() => (arrived += 1));
    await connect(a, b);

    // Away for a moment, the peer gets nothing: what is sent then counts as dropped.
    const message = new Uint8Array(10_000);
    const sending = interval(50)
      .pipe(map(() => ({ to: b.router.id, message })))
      .subscribe(sent.out);
    await within(60_000, () => endings().length === 2);
    const why =
      /^RXMESH_CONNECTION_FAILED .*the libp2p connection has ended, which a relay limits$/;
    expect(endings()).toEqual([expect.stringMatching(why), expect.stringMatching(why)]);
    const before = arrived;
    expect(before).toBeGreaterThan(0);
    await within(60_000, () => arrived > before + 1);
    sending.unsubscribe();
    expect([isRelayed(a, b), isRelayed(b, a)]).toEqual([true, true]);
  });
});

describe('two nodes behind a relay, whose libp2p connects them directly later (DCUtR)', () => {
  it('go on over the direct connection, without the relay', async () => {
    relay = await startRelay({ applyDefaultLimit: false });
    let isUp = false;
    const [a, b] = await start(
      startOpen(1, relay),
      startRelayed(
        2,
        relay,
        upgrading(() => isUp),
      ),
    );
    const [sent, received] = [itemsOn(a.router), itemsOn(b.router)];
    const heard: number[] = [];
    received.in$.subscribe(({ message }) => heard.push(message.number));
    await connect(a, b);
    await sent.sendOnce({ to: b.router.id, message: { number: 1 } });
    await within(60_000, () => heard.length === 1);
    expect([isRelayed(a, b), endsOf(a, b.router.id)]).toEqual([true, []]);

    isUp = true;
    await within(60_000, () => endsOf(a, b.router.id).length > 0);
    await within(60_000, () => a.router.snapshot().peers.length === 1);
    expect(directOf(a, b)).toEqual(['inbound']);
    await relay.stop();
    await sent.sendOnce({ to: b.router.id, message: { number: 2 } });
    await within(60_000, () => heard.length === 2);
    // Once, at each of them: for the connection at the relay, which libp2p has closed.
    const [atA, atB] = [endsOf(a, b.router.id), endsOf(b, a.router.id)];
    const broken = /^RXMESH_CONNECTION_(CLOSED|FAILED) /;
    expect([atA, atB]).toEqual([[expect.stringMatching(broken)], [expect.stringMatching(broken)]]);
  });

  it('meet over the direct connection alone, if the relay limits the other', async () => {
    relay = await startRelay({});
    const [a, b] = await start(
      startOpen(1, relay),
      startRelayed(
        2,
        relay,
        upgrading(() => true),
      ),
    );
    await connect(a, b);
    expect(directOf(a, b)).toEqual(['inbound']);
    expect([endsOf(a, b.router.id), endsOf(b, a.router.id)]).toEqual([[], []]);
  });
});
