import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { createRouter, Identity, json, type Router, type Transport } from 'rxmesh';
import { type Calls, calls } from 'rxmesh/calls';
import { flowConformance, type FlowUnderTest } from 'rxmesh/testing';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { webSocket } from 'rxmesh/transports/websocket';
import { size } from '../support/runs.ts';
import { upTo } from './stage.ts';

const network = new MemoryNetwork();
const wires: Readonly<Record<string, (identity: Identity) => Transport>> = {
  memory: ({ id }) => network.transport(id),
  WebSocket: () => webSocket({ listen: { host: '127.0.0.1', port: 0 } }),
};

describe.each(Object.entries(wires))('the answers of a call over %s', (_, transportOf) => {
  let routers: readonly Router[] = [];
  let asking: Calls<number, number>;
  /** Handlers whose answers are subscribed to. */
  let running = 0;

  beforeAll(async () => {
    const identities = await Promise.all([Identity.generate(), Identity.generate()]);
    routers = identities.map((identity) =>
      createRouter({ identity, network: 'calls', transports: [transportOf(identity)] }),
    );
    await Promise.all(routers.map((router) => router.start()));
    const [one, two] = routers as [Router, Router];
    const service = { id: 7, request: json<number>(), response: json<number>() };
    asking = calls(one, service);
    calls(two, service).serve(({ request }) => {
      running += 1;
      return counted(request);
    });
    one.peers.add(two.addresses[0] ?? `memory:${two.id}`);
    await one.whenUp(two.id);
  });

  function* counted(count: number): Generator<number> {
    try {
      yield* upTo(count);
    } finally {
      running -= 1;
    }
  }

  afterAll(async () => {
    await Promise.all(routers.map((router) => router.stop()));
  });

  const open = (count: number): FlowUnderTest<number> => ({
    flow: asking.call((routers[1] as Router).id, count),
    released: () => running === 0,
  });
  const setup = { open, endsUnasked: false, settleMs: 5, manyCount: size(1_000, 200) };

  for (const { name, run } of flowConformance(setup)) it(name, run);
});
