import { describe, expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { deliveries } from 'rxmesh/deliveries';
import { simulate } from 'rxmesh/testing';
import { Frame, kinds } from '../../lib/deliveries/frame.ts';
import { frameCodec } from '../../lib/deliveries/frame-codec.ts';

describe('handlers that run', () => {
  it.each([1, 4])(
    'are one for a peer that opens again and again, of %d at a time',
    (concurrency) => {
      const net = simulate({ nodes: 2, latencyMs: 5 });
      const options = { id: 7, codec: json<number>(), concurrency };
      const service = deliveries(net.node(0).router, options);
      let running = 0;
      service.handle(() => {
        running += 1;
        return new Promise<void>(() => undefined);
      });
      const channel = net.node(1).router.openChannel<Frame>({ id: 7, codec: frameCodec });
      channel.in$.subscribe();
      net.start();
      const payload = json<number>().encode(5);
      for (let opening = 1; opening <= 500; opening += 1) {
        const epoch = new Uint8Array(16);
        epoch[0] = opening >> 8;
        epoch[1] = opening & 255;
        const open = Object.assign(new Frame(kinds.open), { epoch, opening, version: 1 });
        const first = Object.assign(new Frame(kinds.message, 1), { payload });
        for (const message of [open, first]) channel.out.next({ to: net.node(0).id, message });
        net.advance(1);
      }
      net.stop();
      expect(running).toBe(1);
    },
  );
});
