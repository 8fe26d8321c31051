import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import {
  concatMap,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  type Observable,
  of,
  toArray,
} from 'rxjs';
import {
  block,
  createRouter,
  json,
  logTo,
  type NodeId,
  parseNodeId,
  type SendReport,
} from '../../../lib/index.ts';
import { simulate } from '../../../lib/testing/index.ts';
import { MemoryNetwork } from '../../../transports/memory/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { heard } from '../../support/heard.ts';
import { leakCheck } from '../../support/leaks.ts';
import { identityOf } from '../../support/mock-node.ts';
import { soon } from '../../support/until.ts';

const text = { id: 1, codec: json<string>() };
const stranger = parseNodeId('ab'.repeat(20));
const reason = new Error('enough');
const stopped = { code: 'RXMESH_STOPPED' };

const routerOf = (seed: number) => {
  const identity = identityOf(seed);
  const transports = [new MemoryNetwork().transport(identity.id)];
  return createRouter({ identity, network: 'demo', transports });
};

describe('a first program with async functions: sendOnce', () => {
  it('sends immediately and resolves with the report', async () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels(text);
    net.start();
    const log = heard(net, chat(1));
    const sent = chat(0).sendOnce({ to: net.node(1).id, message: 'hello' });
    net.advance(100);
    expect(log).toEqual(['0: hello']);
    await expect(sent).resolves.toEqual({ accepted: 1, dropped: 0 });
    net.stop();
  });

  it('rejects with the errors of send, and for an invalid envelope', async () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels(text);
    net.start();
    const url = 'ws://localhost:4000' as NodeId;
    await expect(chat(0).sendOnce({ to: url, message: 'x' })).rejects.toMatchObject({
      code: 'RXMESH_NODE_ID_INVALID',
      message: 'channel 1: `to` must be a node ID, got "ws://localhost:4000"',
    });
    await expect(chat(0).sendOnce('hello' as never)).rejects.toThrow(
      'sendOnce: the envelope must be { to, message } or { broadcast: true, message }, got "hello"',
    );
    await expect(
      chat(0).sendOnce({ to: stranger, message: 'x' }, { signal: 5 } as never),
    ).rejects.toThrow('sendOnce: signal must be an AbortSignal, got 5');
    chat(0).close();
    await expect(chat(0).sendOnce({ to: net.node(1).id, message: 'x' })).rejects.toMatchObject({
      code: 'RXMESH_CHANNEL_CLOSED',
    });
    net.stop();
  });

  it('withdraws the message when its signal is aborted', async () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels({ ...text, outbound: block(1), inbound: block(1) });
    net.start();
    const to = net.node(1).id;
    const sends = ['a', 'b', 'c'].map((message) => ({ to, message }));
    const controller = new AbortController();
    for (const envelope of sends) void chat(0).sendOnce(envelope);
    net.advance(100);
    const sent = chat(0).sendOnce({ to, message: 'd' }, { signal: controller.signal });
    void chat(0).sendOnce({ to, message: 'e' });
    controller.abort(reason);
    await expect(sent).rejects.toBe(reason);
    const log = heard(net, chat(1));
    net.advance(100);
    expect(log).toEqual(['0: a', '0: b', '0: c', '0: e']);
    net.stop();
  });

  it('send takes part in pipes as any Observable of its report does', async () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels(text);
    net.start();
    const log = heard(net, chat(1));
    const send = (message: string) => chat(0).send({ to: net.node(1).id, message });
    const accepted: Observable<number> = of('a', 'b').pipe(
      concatMap(send),
      map((report) => report.accepted),
    );
    const counts: number[] = await lastValueFrom(accepted.pipe(toArray()));
    const last: SendReport = await firstValueFrom(from(send('c')));
    net.advance(100);
    expect([counts, last.accepted, log]).toEqual([[1, 1], 1, ['0: a', '0: b', '0: c']]);
    net.stop();
  });

  it('await of send does not compile, is an error and sends nothing', async () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels(text);
    net.start();
    const log = heard(net, chat(1));
    const mistaken = async (): Promise<void> => {
      // @ts-expect-error it is not a promise
      // eslint-disable-next-line @typescript-eslint/await-thenable -- nor does the linter let it pass
      await chat(0).send({ to: net.node(1).id, message: 'x' });
    };
    await expect(mistaken()).rejects.toThrow('use `await channel.sendOnce(...)`');
    net.advance(100);
    expect(log).toEqual([]);
    net.stop();
  });
});

describe('a first program with async functions: peers', () => {
  it('whenUp resolves when the peer is up, or immediately if it is already up', async () => {
    const net = simulate({ nodes: 2 });
    net.launch();
    const [one, other] = [net.node(0), net.node(1)];
    const waiting = one.router.whenUp(other.id);
    expect(one.router.isUp(other.id)).toBe(false);
    net.settle();
    expect(one.router.isUp(other.id)).toBe(true);
    await expect(waiting).resolves.toMatchObject({ id: other.id, status: 'up' });
    await expect(one.router.whenUp(other.id)).resolves.toMatchObject({ id: other.id });
    net.stop();
    expect(one.router.isUp(other.id)).toBe(false);
  });

  it('whenUp says after timeoutMs why the peer is not up', async () => {
    const net = simulate({ nodes: 2 });
    const { router } = net.node(0);
    const [id, other] = [stranger, net.node(1).id];
    void router.start();
    const [nobody, late] = [
      router.whenUp(id, { timeoutMs: 10_000 }),
      router.whenUp(other, { timeoutMs: 10_000 }),
    ];
    router.peers.add({ protocol: 'memory', id: other });
    net.advance(10_001);
    await expect(nobody).rejects.toMatchObject({
      code: 'RXMESH_PEER_DOWN',
      peer: id,
      message: `peer ${id} is not up after 10000 ms: no dial has failed yet: does this node know an address for the peer?`,
    });
    await expect(late).rejects.toMatchObject({
      code: 'RXMESH_PEER_DOWN',
      peer: other,
      cause: { code: 'RXMESH_DIAL_FAILED' },
    });
    net.stop();
  });

  it('whenUp with timeoutMs resolves in time, and checks it', async () => {
    const net = simulate({ nodes: 2 });
    net.launch();
    const [one, other] = [net.node(0), net.node(1)];
    const waiting = one.router.whenUp(other.id, { timeoutMs: 60_000 });
    net.settle();
    await expect(waiting).resolves.toMatchObject({ id: other.id, status: 'up' });
    for (const timeoutMs of [-1, NaN, 2 ** 31])
      await expect(one.router.whenUp(other.id, { timeoutMs })).rejects.toThrow(RangeError);
    const word = '5 s' as unknown as number;
    await expect(one.router.whenUp(other.id, { timeoutMs: word })).rejects.toThrow(TypeError);
    net.stop();
  });

  it('connected$ emits the connected peers by ID', () => {
    const net = simulate({ nodes: 3 });
    const sizes: number[] = [];
    const log: unknown[] = [];
    net.node(0).router.connected$.subscribe({
      next: (map) => {
        sizes.push(map.size);
        log.push(...map.keys());
      },
      complete: () => sizes.push(NaN),
    });
    net.start();
    const [one, two] = [net.node(1).id, net.node(2).id];
    expect(sizes).toEqual([0, 1, 2]);
    expect(new Set(log)).toEqual(new Set([one, two]));
    net.remove(1);
    net.settle();
    expect(sizes).toEqual([0, 1, 2, 1]);
    expect(log.at(-1)).toBe(two);
    net.stop();
    expect(sizes).toEqual([0, 1, 2, 1, 0, NaN]);
  });

  it('whenUp rejects for an invalid ID, an aborted signal and a router that stops', async () => {
    const router = routerOf(1);
    await router.start();
    const url = 'ws://localhost:4000' as NodeId;
    await expect(router.whenUp(url)).rejects.toMatchObject({ code: 'RXMESH_NODE_ID_INVALID' });
    const signal = AbortSignal.abort(reason);
    await expect(router.whenUp(stranger, { signal })).rejects.toBe(reason);
    const waiting = router.whenUp(stranger);
    await router.stop();
    await expect(waiting).rejects.toMatchObject(stopped);
    await expect(router.whenUp(stranger)).rejects.toMatchObject(stopped);
  });

  it('whenUp rejects before start, when no peer could ever come up', async () => {
    const router = routerOf(1);
    await expect(router.whenUp(stranger)).rejects.toMatchObject({
      code: 'RXMESH_NOT_STARTED',
      message: 'whenUp: no peer can come up before the router is started: call start() first',
    });
    await router.stop();
    await expect(router.whenUp(stranger)).rejects.toMatchObject(stopped);
  });

  it('a port in use is one sentence in the log', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const transports = [webSocket({ listen: { host: '127.0.0.1', port } })];
    const router = createRouter({ identity: identityOf(1), network: 'demo', transports });
    const log: string[] = [];
    const write = (line: string): void => void log.push(line);
    router.events$.subscribe(logTo({ debug: write, info: write, warn: write, error: write }));
    await expect(router.start()).rejects.toMatchObject({ code: 'RXMESH_LISTEN_FAILED' });
    expect(log).toEqual([
      `the WebSocket transport failed: cannot listen on 127.0.0.1, port ${port}: ` +
        `listen EADDRINUSE: address already in use 127.0.0.1:${port} [RXMESH_LISTEN_FAILED]`,
    ]);
    holder.close();
    await once(holder, 'close');
  });

  it('a started router keeps the process alive, even without peers, until it stops', async () => {
    const watch = leakCheck();
    const timers = (): number => watch.alive().filter((kind) => kind === 'timer').length;
    const router = routerOf(1);
    expect(timers()).toBe(0);
    await router.start();
    expect(timers()).toBe(1);
    await router.stop();
    await soon(() => timers() === 0);
    watch.stop();
  });

  it('the signal of start stops the router', async () => {
    const router = routerOf(2);
    const controller = new AbortController();
    await router.start({ signal: controller.signal });
    const over = new Promise<void>((resolve) => router.events$.subscribe({ complete: resolve }));
    controller.abort();
    await over;
    expect(() => router.openChannel(text)).toThrow(expect.objectContaining(stopped));

    const late = routerOf(3);
    await late.start({ signal: AbortSignal.abort() });
    await late.stop();
    expect(() => late.openChannel(text)).toThrow(expect.objectContaining(stopped));
  });

  it('`using` closes a channel', () => {
    const router = routerOf(4);
    {
      using channel = router.openChannel(text);
      expect(channel.id).toBe(1);
    }
    expect(() => router.openChannel(text)).not.toThrow();
  });
});
