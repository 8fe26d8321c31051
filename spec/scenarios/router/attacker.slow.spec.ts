import { describe, expect, it } from '@jest/globals';
import { NEVER, of } from 'rxjs';
import { exchangeCodec } from '../../../lib/exchange/messages.ts';
import type { ExchangeMessage } from '../../../lib/model/exchange-dialect.ts';
import { RxmeshError, type NodeId } from '../../../lib/index.ts';
import type { Endpoint } from '../../../lib/model/endpoint.ts';
import { nodeIdFromPublicKey } from '../../../lib/model/id.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { MockNode } from '../../support/mock-node.ts';
import { MockConnection, MockLink, nodeInfoOf } from '../../support/mock-transport.ts';

/** A peer, by the public key that it has proved, and where it can be dialed. */
interface Peer {
  readonly id: NodeId;
  readonly publicKey: Uint8Array;
  readonly ip: string;
  readonly address: string;
}

/** Peers from numbers. Nobody checks their signatures here, so their keys may be any bytes. */
function numbered(n: number, ip: string): Peer {
  const publicKey = Uint8Array.from({ length: 32 }, (_, at) => (at < 4 ? n >> (8 * at) : 7));
  const id = nodeIdFromPublicKey(publicKey);
  return { id, publicKey, ip, address: `mock://${id}@${ip}:1` };
}

const friend = numbered(1_000_001, '192.0.2.1');
const chosen = numbered(1_000_002, '192.0.2.2');
/** A stranger of which the friend tells, and which the node has reached by itself. */
const honest = numbered(1_000_003, '192.0.2.3');
const honestOnes = [friend, chosen, honest];

const tell = (link: MockLink, message: ExchangeMessage): void =>
  link.receiver?.data(0, exchangeCodec.encode(message), true);

/** A node with default limits, a store, peer exchange, a persistent peer and a chosen one. */
class Victim extends MockNode {
  readonly store: FakeStore;
  /** The peers that answer when they are dialed. */
  readonly reachable = new Set<Peer>();
  readonly #identities = new Set<NodeId>();
  #told = 0;

  constructor(store = new FakeStore()) {
    super({
      peerExchange: true,
      peers: { persistent: [friend.address], addresses: [chosen.address], store },
    });
    this.store = store;
    this.transport.answer = ({ ip }) => {
      // Others do not even refuse: their dials wait for the timeout.
      const peer = [...this.reachable].find((one) => one.ip === ip);
      if (peer === undefined) return NEVER;
      return of(new MockConnection('outbound', of(this.#linkOf(peer, 'outbound'))));
    };
    this.start();
  }

  /** A peer dials this node, proves its identity and accepts. */
  join(peer: Peer): MockLink {
    const link = this.#linkOf(peer, 'inbound');
    this.arrive(of(link), link.remote);
    return link;
  }

  isUp({ id }: Peer): boolean {
    return this.router.isUp(id);
  }

  knows({ id }: Peer): boolean {
    return this.router.peers.get(id) !== undefined;
  }

  /** How many records of peers are stored. */
  get stored(): number {
    return [...this.store.records.keys()].filter((key) => key.includes('/peer/')).length;
  }

  /**
   * New identities come in turn from these hosts, 64 a second, until so many have been up. Each
   * says where it can be dialed, and makes room for the next one. One in twenty answers the
   * question for addresses, with 100 invented ones.
   */
  attack(identities: number, hosts: readonly string[], meanwhile: (nth: number) => void): void {
    const before = this.#identities.size;
    const links: MockLink[] = [];
    for (let n = 1; this.#identities.size - before < identities; n += 1) {
      const peer = numbered(before * 64 + n, hosts[n % hosts.length] ?? '');
      const link = this.join(peer);
      if (this.isUp(peer)) this.#identities.add(peer.id);
      if (n % 20 === 0 && link.written.includes('data 0 0a00 last')) {
        tell(link, { kind: 'answer', addresses: this.#invented(peer.ip) });
      }
      links.push(link);
      if (links.length > 4) links.shift()?.end(new RxmeshError('RXMESH_CONNECTION_FAILED', 'gone'));
      meanwhile(this.#identities.size - before);
      this.clock.advance(16);
    }
    for (const link of links) link.end(new RxmeshError('RXMESH_CONNECTION_FAILED', 'gone'));
    this.clock.advance(2_000);
  }

  #invented(ip: string): readonly string[] {
    return Array.from({ length: 100 }, () => numbered(2_000_000 + (this.#told += 1), ip).address);
  }

  #linkOf({ id, publicKey, ip }: Peer, direction: 'inbound' | 'outbound'): MockLink {
    const nodeInfo = nodeInfoOf(this.peer, {
      nodeId: id,
      channels: [0],
      addresses: [`mock://${ip}:1`],
    });
    const remote: Endpoint = { protocol: 'mock', ip, port: 1 };
    // Only the attacker has peer exchange, so that the others have nothing to answer.
    const opens = honestOnes.some((one) => one.id === id) ? [] : [0];
    return new MockLink({ direction, nodeInfo, publicKey, remote, opens });
  }
}

describe('an attacker with 1,000 identities', () => {
  it.each([
    // A sixteenth of `maxPeers`, and the three.
    ['one IP address', ['203.0.113.1'], 63 + 3],
    ['100 IP addresses', Array.from({ length: 100 }, (_, n) => `198.51.100.${n}`), 1_000],
  ])('and %s keeps out no chosen peer, and fills no store', (_name, hosts, storedMax) => {
    const node = new Victim();
    // The friend tells of an honest stranger, and the node reaches it. Then all are gone.
    node.reachable.add(honest);
    const link = node.join(friend);
    node.router.peers.learn(honest.address, friend.id);
    node.clock.advance(100);
    expect([node.isUp(friend), node.isUp(honest)]).toEqual([true, true]);
    node.reachable.clear();
    link.end(new RxmeshError('RXMESH_CONNECTION_FAILED', 'gone'));
    node.router.peers.disconnect(honest.id);
    node.clock.advance(10);

    // In the middle of the attack, the friend dials the node, and the node reaches the chosen one.
    node.attack(1_000, hosts, (nth) => {
      if (nth === 400 && !node.isUp(friend)) node.join(friend);
      if (nth === 400) node.reachable.add(chosen);
    });
    expect([node.isUp(friend), node.isUp(chosen)]).toEqual([true, true]);
    expect(node.updates.slice(-2)).not.toContain(`down ${friend.id}`);
    expect(node.knows(honest)).toBe(true);
    expect(node.router.peers.list().length).toBeLessThanOrEqual(storedMax);
    expect(node.stored).toBeLessThanOrEqual(storedMax);
    const { store } = node;
    node.stop();

    // After a restart with what is stored, the node finds all three again.
    const next = new Victim(store);
    for (const peer of honestOnes) next.reachable.add(peer);
    next.clock.advance(300_000);
    expect(honestOnes.filter((peer) => !next.isUp(peer))).toEqual([]);
    next.stop();
  });
});
