import { describe, expect, it } from '@jest/globals';
import { createRouter } from 'rxmesh';
import { type MeterLike, timed } from 'rxmesh/metrics';
import { faulty, simulate } from 'rxmesh/testing';
import { trackLeaks } from '../support/leaks.ts';

const meter = { createHistogram: () => ({ record: () => undefined }) } as unknown as MeterLike;

describe('a transport that is timed', () => {
  it('may have faults', () => {
    const net = simulate({
      nodes: 2,
      makeRouter: ({ transports, ...options }) =>
        createRouter({
          ...options,
          transports: transports.map((each) =>
            faulty(timed(each, { meter }), { clock: options.clock, latencyMs: 10 }),
          ),
        }),
    });
    net.start();
    expect(net.log.filter(({ event }) => event.type === 'peer-up')).toHaveLength(2);
    net.stop();
  });
});

trackLeaks();
