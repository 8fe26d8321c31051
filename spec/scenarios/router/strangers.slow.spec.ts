import { describe, expect, it } from '@jest/globals';
import { NEVER, of } from 'rxjs';
import type { NodeId, RouterOptions } from '../../../lib/index.ts';
import type { Endpoint } from '../../../lib/model/endpoint.ts';
import { nodeIdFromPublicKey } from '../../../lib/model/id.ts';
import { MockNode } from '../../support/mock-node.ts';
import { MockLink, nodeInfoOf } from '../../support/mock-transport.ts';
import { size } from '../../support/runs.ts';

/** A peer, by the public key that it has proved. */
interface Peer {
  readonly id: NodeId;
  readonly publicKey: Uint8Array;
}

/** Peers from numbers. Nobody checks their signatures here, so their keys may be any bytes. */
const numbered = (n: number): Peer => {
  const publicKey = Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? n >> (8 * at) : 7));
  return { id: nodeIdFromPublicKey(publicKey), publicKey };
};

const from = (ip: string): Endpoint => ({ protocol: 'mock', ip, port: 1 });
const [friend, chosen] = [numbered(60_001), numbered(60_002)];
const friendHost = '192.0.2.1';
const chosenHost = '192.0.2.2';

/**
 * A node with default limits that knows a persistent peer and a chosen one, and reaches neither.
 */
class Target extends MockNode {
  #strangers = 0;

  constructor(options: Partial<RouterOptions> = {}) {
    super({
      peers: {
        persistent: [`mock://${friend.id}@${friendHost}:1`],
        addresses: [`mock://${chosen.id}@${chosenHost}:1`],
      },
      ...options,
    });
    this.start();
  }

  /** A peer dials this node, proves its identity and accepts. */
  join({ id, publicKey }: Peer, ip: string): void {
    const remote = from(ip);
    const nodeInfo = nodeInfoOf(this.peer, { nodeId: id });
    this.arrive(of(new MockLink({ direction: 'inbound', nodeInfo, publicKey, remote })), remote);
  }

  /** Strangers come for this long, one each millisecond, in turn from these hosts. */
  flood(ms: number, hosts: readonly string[], kind: 'peers' | 'silent'): void {
    for (let at = 0; at < ms; at += 1) {
      const ip = hosts[at % hosts.length] ?? '';
      if (kind === 'silent') this.arrive(NEVER, from(ip));
      else this.join(numbered((this.#strangers += 1)), ip);
      this.clock.advance(1);
    }
  }

  get up(): number {
    return this.router.snapshot().peers.length;
  }
}

/** How long a flood of identities goes on, with one each millisecond. */
const longMs = size(1_000, 200);

const oneHost = ['203.0.113.1'];
const hundredHosts = Array.from({ length: 100 }, (_, n) => `198.51.100.${n}`);

describe('strangers without number cannot keep out the peers that a node chose', () => {
  it.each([
    ['one host', oneHost],
    ['100 hosts', hundredHosts],
  ])('many identities of %s', (_name, hosts) => {
    const target = new Target();
    target.flood(longMs, hosts, 'peers');
    // Two slots are reserved for the two chosen peers; one host gets half of all slots.
    expect(target.up).toBe(hosts.length === 1 ? 16 : 30);
    target.join(friend, friendHost);
    target.flood(longMs / 2, hosts, 'peers');
    target.join(chosen, chosenHost);
    expect([target.router.isUp(friend.id), target.router.isUp(chosen.id)]).toEqual([true, true]);
    target.flood(longMs / 2, hosts, 'peers');
    expect([target.router.isUp(friend.id), target.router.isUp(chosen.id)]).toEqual([true, true]);
    expect(target.codes('connection-refused')).toContain('RXMESH_TOO_MANY_CONNECTIONS');
    target.stop();
  });

  it.each([
    ['one host', oneHost],
    ['100 hosts', hundredHosts],
  ])('1,000 silent connections a second from %s', (_name, hosts) => {
    const target = new Target();
    target.flood(1_000, hosts, 'silent');
    target.join(friend, friendHost);
    target.flood(100, hosts, 'silent');
    target.join(chosen, chosenHost);
    expect([target.router.isUp(friend.id), target.router.isUp(chosen.id)]).toEqual([true, true]);
    target.stop();
  });

  it('strangers elsewhere share the allowance of the flood, and may need several attempts', () => {
    const target = new Target();
    target.flood(1_000, hundredHosts, 'silent');
    const strangers = Array.from({ length: 20 }, (_, n) => numbered(60_100 + n));
    strangers.forEach((stranger, n) => {
      target.join(stranger, `192.0.3.${n}`);
      target.flood(10, hundredHosts, 'silent');
    });
    const joined = strangers.filter(({ id }) => target.router.isUp(id)).length;
    expect(joined).toBeGreaterThan(0);
    expect(joined).toBeLessThan(20);
    target.stop();
  });

  it('16 peers of one host leave room for those of others', () => {
    const target = new Target({ peers: {} });
    target.flood(longMs, oneHost, 'peers');
    expect(target.up).toBe(16);
    target.join(numbered(60_003), '192.0.2.9');
    expect(target.up).toBe(17);
    target.stop();
  });
});
