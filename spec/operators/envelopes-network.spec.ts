import { describe, expect, it } from '@jest/globals';
import { tap } from 'rxjs';
import { oneof } from '../../lib/codec/oneof.ts';
import { oneofWrapper } from '../../lib/codec/oneof-wrapper.ts';
import { protobuf } from '../../lib/codec/protobuf.ts';
import { raw } from '../../lib/codec/raw.ts';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { block } from '../../lib/flow/strategy.ts';
import { simulate, type Simulation } from '../../lib/testing/simulation.ts';
import { decode } from '../../operators/decode.ts';
import { encode } from '../../operators/encode.ts';
import { ofKind } from '../../operators/of-kind.ts';
import { pipeTo } from '../../operators/pipe-to.ts';
import { relay } from '../../operators/relay.ts';
import { reply } from '../../operators/reply.ts';
import { sendTo } from '../../operators/send-to.ts';
import { unwrap } from '../../operators/unwrap.ts';
import { wrap } from '../../operators/wrap.ts';
import { Packet, Ping, Pong, typeOf } from '../codec/messages.ts';
import { trackLeaks } from '../support/leaks.ts';

const kinds = { ping: Ping, pong: Pong };

/** The reasons of all messages dropped on any node. */
const drops = (net: Simulation): string[] =>
  net.log.flatMap(({ event }) => (event.type === 'message-dropped' ? [event.reason] : []));

describe('operators over envelopes, in a network', () => {
  it('reply to some kinds of messages and hold back the sender', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const lanes = { inbound: block(4), outbound: block(4) };
    const packets = net.openChannels({ id: 1, codec: oneof(Packet, kinds), ...lanes });
    net.start();
    const { clock } = net;
    packets(1)
      .in$.pipe(
        ofKind('ping'),
        reply(({ nonce, note }) => ({ kind: 'ping', nonce: nonce + 1000, note })),
        pipeTo(packets(1), { clock }),
      )
      .subscribe();
    const answers: number[] = [];
    packets(0)
      .in$.pipe(ofKind('ping'))
      .subscribe(({ from, message: { nonce } }) => {
        expect(from).toBe(net.node(1).id);
        answers.push(nonce);
      });

    function* calls(): Generator<{ kind: 'ping'; nonce: number; note: string } | { kind: 'pong' }> {
      for (let nonce = 1; nonce <= 50; nonce += 1) {
        yield { kind: 'ping', nonce, note: '' };
        yield { kind: 'pong' };
      }
    }
    let report: unknown;
    flowFrom(calls())
      .pipe(sendTo(net.node(1).id), pipeTo(packets(0), { clock }))
      .subscribe((each) => (report = each));
    net.advance(2_000);
    expect(report).toEqual({ accepted: 100, dropped: 0 });
    expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => 1001 + i));
    expect(drops(net)).toEqual([]);
    net.stop();
  });

  it("inspect bytes that they pass on; a peer's bad message ends nothing", () => {
    // 1 is between 0 and 2.
    const net = simulate({ nodes: 3, latencyMs: 5, knows: (a, b) => Math.abs(a - b) === 1 });
    const wire = net.openChannels({ id: 1, codec: raw() });
    net.start();
    const { clock } = net;
    const codec = protobuf<{ data: Uint8Array }>(typeOf('Everything'));
    const [near, gateway] = [net.node(0).id, net.node(1).id];

    const failures: unknown[] = [];
    const kept: Uint8Array[] = [];
    wire(1)
      .in$.pipe(
        decode(codec, {
          onFailure: ({ code, peer }, { message }) => failures.push([code, peer, message.length]),
        }),
        tap(({ message }) => kept.push(message.data)),
        relay(),
        encode(codec),
        pipeTo(wire(1), { clock }),
      )
      .subscribe();
    const arrived: (readonly [string, Uint8Array])[] = [];
    wire(2)
      .in$.pipe(decode(codec, { onFailure: () => failures.push('behind the gateway') }))
      .subscribe(({ from, message }) => arrived.push([from, message.data]));

    const sent = Array.from({ length: 40 }, (_, i) => new Uint8Array(1 + i * 7).fill(i));
    for (const data of sent) {
      wire(0).out.next({ to: gateway, message: codec.encode({ data }) });
      // A field of 9 bytes with only one present.
      if (data.length % 10 === 1)
        wire(0).out.next({ to: gateway, message: Uint8Array.of(34, 9, 0) });
      net.advance(1);
    }
    net.advance(100);
    expect(failures).toEqual(Array.from({ length: 4 }, () => ['RXMESH_DECODE_FAILED', near, 3]));
    // Views of memory that nothing has overwritten since.
    expect(kept.map((data) => [...data])).toEqual(sent.map((data) => [...data]));
    expect(arrived).toEqual(sent.map((data) => [gateway, data]));
    expect(drops(net)).toEqual([]);
    net.stop();
  });

  it('wrap and unwrap with oneofWrapper what oneof understands', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    // The same channel: one node reads the messages, the other the wrapper.
    const [here, there] = [net.node(0).router, net.node(1).router];
    const inner = here.openChannel({ id: 1, codec: oneof(Packet, kinds) });
    const outer = there.openChannel({ id: 1, codec: protobuf(Packet) });
    net.start();
    const { clock } = net;
    const sum = oneofWrapper(Packet, kinds);
    const failures: string[] = [];
    outer.in$
      .pipe(
        unwrap(sum, { onFailure: ({ code }) => failures.push(code) }),
        ofKind('ping'),
        reply(({ nonce }) => ({ kind: 'ping', nonce: nonce + 1, note: 'wrapped' })),
        wrap(sum),
        pipeTo(outer, { clock }),
      )
      .subscribe();
    const heard: unknown[] = [];
    inner.in$.subscribe(({ message }) => heard.push({ ...message }));
    inner.out.next({ broadcast: true, message: { kind: 'ping', nonce: 1, note: '' } });
    inner.out.next({ broadcast: true, message: { kind: 'pong' } });
    net.advance(100);
    expect(heard).toEqual([{ kind: 'ping', nonce: 2, note: 'wrapped' }]);
    expect(failures).toEqual([]);
    net.stop();
  });
});

trackLeaks();
