import { EMPTY, from, NEVER, throwError } from 'rxjs';
import { calls } from '../../../lib/calls/index.ts';
import { json } from '../../../lib/codec/json.ts';
import { raw } from '../../../lib/codec/raw.ts';
import { deliveries } from '../../../lib/deliveries/index.ts';
import { block } from '../../../lib/flow/strategy.ts';
import { gossip } from '../../../lib/gossip/index.ts';
import { simulate, type Simulation } from '../../../lib/testing/index.ts';
import { joined } from '../bytes.ts';
import {
  callProtocol,
  deliveryProtocol,
  exchangeProtocol,
  gossipProtocol,
  type Protocol,
  serviceChannel as id,
} from '../frame-bytes.ts';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import { expectThat, type Target } from '../target.ts';

/** Starts what node 0 does, and returns what it does now and then. */
type Service = (net: Simulation) => (deed: number) => void;

/** What a service uses its peer for fails when that peer is disconnected. */
const ignored = { error: () => undefined };

const asking: Service = (net) => {
  const service = calls(net.node(0).router, {
    id,
    request: json<unknown>(),
    response: json<unknown>(),
  });
  service.serve(({ request }) => {
    if (request === 1) return from([1, 2, 3]);
    return request === 2 ? NEVER : throwError(() => new Error('no'));
  });
  return (deed) => {
    const answers = service.call(net.node(1).id, deed).subscribe(ignored);
    if (deed % 2 === 1) answers.unsubscribe();
  };
};

const delivering: Service = (net) => {
  const service = deliveries(net.node(0).router, { id, codec: json<unknown>() });
  service.handle(({ message }) => (message === 1 ? EMPTY : throwError(() => new Error('no'))));
  return (deed) => {
    service.deliver({ to: net.node(1).id, message: deed }).subscribe(ignored);
  };
};

const gossiping: Service = (net) => {
  const { router, options } = net.node(0);
  const news = gossip(router, { id, codec: json<unknown>(), identity: options.identity });
  news.in$.subscribe();
  return (deed) => {
    if (deed % 2 === 0) news.publish(deed);
  };
};

/** Peer exchange is an option of the router. */
const exchanging: Service = () => () => undefined;

const services = [
  { protocol: callProtocol, service: asking, channel: id },
  { protocol: deliveryProtocol, service: delivering, channel: id },
  { protocol: gossipProtocol, service: gossiping, channel: id },
  { protocol: exchangeProtocol, service: exchanging, channel: 0 },
] as const;

const soonAgain = { retryMinMs: 10, retryMaxMs: 20, retryJitterMs: 0, disconnectCooldownMs: 10 };
const framesMax = 16;

/** Splits an input into frames: a byte for what the victim does, one for the length. */
function steps(input: Uint8Array): readonly { deed: number; frame: Uint8Array }[] {
  const found: { deed: number; frame: Uint8Array }[] = [];
  for (let at = 1; at < input.length && found.length < framesMax;) {
    const [deed = 0, length = 0] = input.subarray(at, at + 2);
    found.push({ deed, frame: input.slice(at + 2, at + 2 + length) });
    at += 2 + length;
  }
  return found;
}

function frameOf(protocol: Protocol, random: Random): Uint8Array {
  const bytes = protocol.frame(random);
  return (random.once(8) ? mutate(bytes, random, protocol.frame(random)) : bytes).subarray(0, 255);
}

/**
 * A node with calls, deliveries, gossip or peer exchange, and a peer that sends any frames there.
 * An input is a byte that chooses the service, and then frames, each with a byte for what the node
 * does and how long it waits.
 */
export const serviceNodes: Target = {
  name: 'services',
  share: 0.5,
  generate(random) {
    const nth = random.below(services.length);
    const { protocol } = services[nth] ?? services[0];
    const frames = random.list(1, 12, () => {
      const frame = frameOf(protocol, random);
      return joined([[random.below(256), frame.length], frame]);
    });
    return joined([[nth], ...frames]);
  },
  check(input) {
    const { service, channel } = services[(input[0] ?? 0) % services.length] ?? services[0];
    const net = simulate({
      nodes: 2,
      latencyMs: 5,
      options: (node) => ({ peers: soonAgain, peerExchange: channel === 0 && node === 0 }),
    });
    const act = service(net);
    const hostile = net
      .node(1)
      .router.openChannel({ id: channel, codec: raw(), inbound: block(64) });
    let answers = 0;
    hostile.in$.subscribe(() => {
      answers += 1;
    });
    net.start();
    const sent = steps(input);
    for (const { deed, frame } of sent) {
      if (deed % 4 === 1) act(deed >> 2);
      hostile.out.next({ to: net.node(0).id, message: frame });
      net.advance(deed % 4 === 2 ? 2_000 : 10);
    }
    net.stop();
    const reports: string[] = [];
    for (const { node, event } of net.log) {
      expectThat(event.type !== 'fatal', `a fatal event at node ${node}`);
      if (node === 0 && event.type === 'peer-reported') reports.push(event.error.code);
    }
    // Each service answers a frame with a few at most, and sends some by itself as time passes.
    expectThat(answers <= 40 * (sent.length + 4), `${answers} frames in answer to ${sent.length}`);
    const { dueTimesMs } = net.clock;
    expectThat(dueTimesMs.length === 0, `timers are left: ${dueTimesMs.join(', ')}`);
    return reports[0] ?? 'value';
  },
};
