import { map, NEVER, type Observable } from 'rxjs';
import { describe, expect, it } from '@jest/globals';
import { Identity } from '../../lib/model/identity.ts';
import { transportConformance } from '../../lib/testing/index.ts';
import type { Link } from '../../lib/transport/link.ts';
import type { Connection, Transport } from '../../lib/transport/transport.ts';
import { MemoryNetwork } from '../../transports/memory/index.ts';

/** `target` with some members replaced. */
function but<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get: (_target, key) => {
      if (key in members) return members[key as keyof T];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A transport with modified connections. */
function connections(
  transport: Transport,
  change: (connection: Connection) => Connection,
): Transport {
  return but(transport, {
    incoming$: transport.incoming$.pipe(map(change)),
    dial: (endpoint) => transport.dial(endpoint).pipe(map(change)),
  });
}

/** A transport with modified links. */
function links(transport: Transport, change: (link: Link) => Link): Transport {
  return connections(transport, (connection) =>
    but(connection, {
      handshake: (self, expected): Observable<Link> =>
        connection.handshake(self, expected).pipe(map(change)),
    }),
  );
}

/** Counts the messages written and writes the nth one `times(n)` times. */
function repeating(times: (n: number) => number): (transport: Transport) => Transport {
  return (transport) =>
    links(transport, (link) => {
      let n = 0;
      return but(link, {
        data: (...packet) => {
          n += 1;
          for (let i = times(n); i > 0; i -= 1)
            if (link.room >= packet[3] - packet[2]) link.data(...packet);
        },
      });
    });
}

/** IDs of the conformance cases that a transport broken in this way fails. */
async function failures(breakIt: (transport: Transport) => Transport): Promise<string[]> {
  const cases = transportConformance({
    networked: false,
    timeoutMs: 150,
    open: () => {
      const network = new MemoryNetwork();
      const node = (seed: number) => {
        const identity = Identity.fromSeed(new Uint8Array(32).fill(seed));
        return { identity, transport: breakIt(network.transport(identity.id)) };
      };
      return { a: node(1), b: node(2) };
    },
  });
  const failed: string[] = [];
  for (const { name, run } of cases) {
    await run().catch(() => failed.push(name.split(' ')[0] ?? ''));
  }
  return [...new Set(failed)];
}

describe('the transport conformance suite', () => {
  it('passes a correct transport', async () => {
    expect(await failures((transport) => transport)).toEqual([]);
  });

  it.each<[string, (transport: Transport) => Transport, string[]]>([
    ['occasionally loses a message', repeating((n) => (n === 2_000 ? 0 : 1)), ['FLOW-1']],
    ['occasionally delivers a message twice', repeating((n) => (n === 2_000 ? 2 : 1)), ['FLOW-1']],
    [
      'does not complete incoming$ on close',
      (transport) => but(transport, { close: () => undefined }),
      ['T-01', 'T-07', 'T-09'],
    ],
    [
      'lists endpoints that it does not have',
      (transport) => but(transport, { endpoints: [{ protocol: 'memory', path: 'x' }] }),
      ['T-09'],
    ],
    ['never completes a dial', (t) => but(t, { dial: () => NEVER }), ['T-02', 'T-03', 'T-05']],
    [
      'mixes up its endpoints',
      (transport) => connections(transport, (c) => but(c, { local: c.remote })),
      ['T-15'],
    ],
    [
      'shortens node infos',
      (transport) =>
        links(transport, (link) => but(link, { nodeInfo: { ...link.nodeInfo, version: '' } })),
      ['T-12'],
    ],
    [
      'is always writable',
      (transport) => links(transport, (link) => but(link, { writable: true })),
      ['T-14', 'T-19', 'FLOW-3'],
    ],
    [
      'never signals that it is writable again',
      (transport) =>
        links(transport, (link) =>
          but(link, { attach: (to) => link.attach({ ...to, drained: () => undefined }) }),
        ),
      ['FLOW-3'],
    ],
    [
      'does not report the end of a link',
      (transport) =>
        links(transport, (link) =>
          but(link, { attach: (to) => link.attach({ ...to, ended: () => undefined }) }),
        ),
      ['T-14', 'T-19'],
    ],
    [
      'confuses messages with bytes of credit',
      (transport) =>
        links(transport, (link) =>
          but(link, {
            credit: (channel, messages, bytes) => link.credit(channel, bytes, messages),
          }),
        ),
      ['FLOW-4'],
    ],
    ['prints as an empty string', (transport) => but(transport, { toString: () => '' }), ['T-11']],
  ])(
    'catches a transport that %s',
    async (_what, breakIt, expected) => {
      expect(await failures(breakIt)).toEqual(expect.arrayContaining(expected));
    },
    20_000,
  );
});
