import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { firstValueFrom, throwError } from 'rxjs';
import { block, createRouter, Identity, json, type Router, type RouterOptions } from 'rxmesh';
import { CallError, calls } from 'rxmesh/calls';
import { measure, type MeterLike, timed, timedCalls } from 'rxmesh/metrics';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { webSocket } from 'rxmesh/transports/websocket';
import { Prometheus } from './prometheus.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function prometheus(): Promise<Prometheus> {
  const started = await Prometheus.start(await freePort());
  stops.push(() => started.stop());
  return started;
}

function node(options: Omit<RouterOptions, 'network'>): Router {
  const router = createRouter({ network: 'metrics', timeouts: { drainMs: 1 }, ...options });
  stops.push(() => router.stop());
  return router;
}

describe('measure, read by a real SDK over HTTP', () => {
  it('counts messages, bytes, drops, lanes, peers, dials, handshakes and calls', async () => {
    const { meter, ...reader } = await reading();
    const listening = node({
      identity: await Identity.generate(),
      transports: [webSocket({ listen: { host: '127.0.0.1' } })],
    });
    const dialing = node({
      identity: await Identity.generate(),
      transports: [timed(webSocket(), { meter })],
    });
    const service = { id: 2, request: json<number>(), response: json<number>() };
    calls(listening, service).serve(({ request }) => {
      if (request < 0) throw new CallError('negative', 'no');
      return request * 2;
    });
    const doubling = calls(dialing, { ...service, ...timedCalls({ meter }) });
    const measuring = measure(dialing, { meter, services: { doubling } });
    stops.push(() => measuring.unsubscribe());

    listening.openChannel({ id: 1, codec: json<string>(), inbound: block(8) });
    const out = dialing.openChannel({ id: 1, codec: json<string>(), outbound: block(4) });
    await listening.start();
    await dialing.start();
    const [address = ''] = listening.addresses;
    await dialing.peers.dial(address);

    expect(await firstValueFrom(doubling.call(listening.id, 21))).toBe(42);
    await expect(firstValueFrom(doubling.call(listening.id, -1))).rejects.toThrow('no');
    // Nobody consumes: 8 wait over there, 4 here, and one is dropped.
    for (let i = 0; i < 8; i += 1) await out.sendOnce({ to: listening.id, message: 'x' });
    for (let i = 0; i < 4; i += 1) await out.sendOnce({ to: listening.id, message: 'x' });
    out.out.next({ to: listening.id, message: 'y' });
    await Promise.resolve();

    const lines = await reader.scrape();
    const channel = 'rxmesh_channel="1"';
    const written = `network_io_direction="transmit",${channel}`;
    const lane = `rxmesh_lane="outbound",${channel}`;
    const rpc = 'rpc_system_name="rxmesh",rpc_method=""';
    expect(withoutTimes(lines)).toEqual(
      expect.arrayContaining([
        `rxmesh_messages_total{${written}} 8`,
        `rxmesh_io_total{${written}} 24`,
        `rxmesh_drops_total{${channel},rxmesh_drop_reason="lane-full"} 1`,
        `rxmesh_lane_messages{${lane}} 4`,
        `rxmesh_lane_fill{${lane}} 1`,
        `rxmesh_lane_credit{${lane}} 0`,
        `rxmesh_lane_blocked{${lane}} 1`,
        'rxmesh_peers{rxmesh_peer_state="up"} 1',
        'rxmesh_peers{rxmesh_peer_state="dialing"} 0',
        'rxmesh_connections_total{rxmesh_connection_direction="outbound"} 1',
        'rxmesh_dial_duration_count{network_protocol_name="ws"} 1',
        'rxmesh_handshake_duration_count{rxmesh_connection_direction="outbound"} 1',
        `rpc_client_call_duration_count{${rpc}} 1`,
        `rpc_client_call_duration_count{${rpc},error_type="RXMESH_CALL_FAILED"} 1`,
        'rxmesh_calls_active{rxmesh_service="doubling",rxmesh_call_side="caller"} 0',
      ]),
    );
    // No peer, and no address of one, is a label.
    expect(lines.join('\n')).not.toMatch(new RegExp(`${listening.id}|${dialing.id}|127\\.0\\.0`));
  });

  it('counts failed dials by code, and what a peer sent before it left', async () => {
    const { meter, ...reader } = await reading();
    const network = new MemoryNetwork();
    const [one, two] = await Promise.all([Identity.generate(), Identity.generate()]);
    const here = node({ identity: one, transports: [timed(network.transport(one.id), { meter })] });
    const there = node({ identity: two, transports: [network.transport(two.id)] });
    stops.push(() => measuring.unsubscribe());
    const measuring = measure(here, { meter });
    const heard = here.openChannel({ id: 1, codec: json<string>() });
    const out = there.openChannel({ id: 1, codec: json<string>() });
    await here.start();
    await expect(here.peers.dial(`memory:${two.id}`)).rejects.toThrow();
    await there.start();
    await here.peers.dial(`memory:${two.id}`);
    const first = firstValueFrom(heard.in$);
    await out.sendOnce({ to: one.id, message: 'hello' });
    await first;
    const received = 'rxmesh_messages_total{network_io_direction="receive",rxmesh_channel="1"} 1';
    expect(await reader.scrape()).toContain(received);

    await there.stop();
    const lines = await reader.scrape();
    expect(lines).toContain(received);
    expect(lines).toEqual(
      expect.arrayContaining([
        'rxmesh_peers{rxmesh_peer_state="up"} 0',
        'rxmesh_connections_total{rxmesh_connection_direction="outbound",error_type="RXMESH_DIAL_FAILED"} 1',
        'rxmesh_disconnections_total{rxmesh_connection_direction="outbound",error_type="RXMESH_CONNECTION_CLOSED"} 1',
      ]),
    );
  });

  async function reading(): Promise<Pick<Prometheus, 'meter' | 'scrape'>> {
    const started = await prometheus();
    return { meter: started.meter, scrape: () => started.scrape() };
  }
});

describe('measure', () => {
  const router: unknown = { snapshot: () => ({}) };
  it.each<[string, unknown[]]>([
    ['measure: router must be an object with a method snapshot, got undefined', []],
    ['measure: options must be an object, got undefined', [router]],
    ['measure: meter must be an object with a method createHistogram, got undefined', [router, {}]],
    ['measure: there is no option metre (did you mean meter?)', [router, { metre: {} }]],
  ])('says what is wrong: %s', (text, given) => {
    const call = measure as (...given: readonly unknown[]) => unknown;
    expect(() => call(...given)).toThrow(text);
  });
});

describe('a meter that throws', () => {
  it('is not noticed by the router', async () => {
    const refuse = (): never => {
      throw new Error('no metrics today');
    };
    let collect: (observer: { observe: () => never }) => void = refuse;
    const meter: MeterLike = {
      createHistogram: () => ({ record: refuse }),
      createObservableCounter: () => ({}),
      createObservableUpDownCounter: () => ({}),
      createObservableGauge: () => ({}),
      addBatchObservableCallback: (callback) => {
        collect = callback;
      },
      removeBatchObservableCallback: () => undefined,
    };
    const network = new MemoryNetwork();
    const [one, two] = await Promise.all([Identity.generate(), Identity.generate()]);
    const transport = timed(network.transport(one.id), { meter });
    const here = node({ identity: one, transports: [transport] });
    const there = node({ identity: two, transports: [network.transport(two.id)] });
    const types: string[] = [];
    here.events$.subscribe(({ type }) => types.push(type));
    stops.push(() => measuring.unsubscribe());
    const measuring = measure(here, { meter });
    const service = { id: 1, request: json<number>(), response: json<number>() };
    calls(there, service).serve(({ request }) => request);
    const asking = calls(here, { ...service, ...timedCalls({ meter }) });
    await Promise.all([here.start(), there.start()]);
    await here.peers.dial(`memory:${two.id}`);
    expect(await firstValueFrom(asking.call(two.id, 7))).toBe(7);
    // The reader's own exception is the reader's.
    expect(() => collect({ observe: refuse })).toThrow('no metrics today');
    expect(types).toEqual(['peer-command', 'peer-up']);
  });
});

describe('timed', () => {
  it('says how a dial ended: with an error, or given up', async () => {
    const recorded: unknown[] = [];
    const meter = {
      createHistogram: () => ({ record: (_: number, a: unknown) => recorded.push(a) }),
    };
    const network = new MemoryNetwork();
    const { id } = await Identity.generate();
    const transport = {
      ...network.transport(id),
      protocols: ['memory'],
      dial: () => throwError(() => new Error('a wall')),
    };
    const dial$ = timed(transport, { meter: meter as never }).dial({
      protocol: 'memory',
    });
    await expect(firstValueFrom(dial$)).rejects.toThrow('a wall');
    expect(recorded).toEqual([{ 'network.protocol.name': 'memory', 'error.type': '_OTHER' }]);
  });
});

/** Without the buckets and sums of histograms, which depend on the machine. */
const withoutTimes = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => !/_(?:bucket|sum)\b/.test(line));
