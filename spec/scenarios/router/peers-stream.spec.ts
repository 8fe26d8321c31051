import { describe, expect, it } from '@jest/globals';
import { filter, of, take } from 'rxjs';
import { json, type Channel, type NodeId } from '../../../lib/index.ts';
import { identityOf, MockNode } from '../../support/mock-node.ts';
import { nodeInfoOf } from '../../support/mock-transport.ts';

interface NodeWithPeers {
  readonly node: MockNode;
  readonly channel: Channel<string>;
  readonly ids: readonly [NodeId, NodeId];
}

/** A node with two connected peers, and a channel on which to report them. */
function withPeers(): NodeWithPeers {
  const node = new MockNode();
  const channel = node.router.openChannel({ id: 2, codec: json<string>() });
  node.start();
  const [first, second] = [identityOf(2), identityOf(3)];
  for (const identity of [first, second]) {
    const { publicKey } = identity;
    node.arrive(of(node.link('inbound', { nodeInfo: nodeInfoOf(identity), publicKey })));
  }
  return { node, channel, ids: [first.id, second.id] };
}

describe('peers$, regardless of what its subscribers do', () => {
  it('reports a peer once to a subscriber that joins during its peer-up event', () => {
    const node = new MockNode();
    const told: string[] = [];
    const watch = (): void => {
      node.router.peers$.subscribe(({ status }) => told.push(status));
    };
    node.router.events$.subscribe(({ type }) => {
      if (type === 'peer-up') watch();
    });
    node.start();
    node.arrive(of(node.link('inbound')));
    expect(told).toEqual(['up']);
    node.stop();
    expect(told).toEqual(['up', 'down']);
  });

  it('sends a subscriber that joins during a peer-down event no down without an up', () => {
    const { node, channel, ids } = withPeers();
    const told: string[] = [];
    const watch = (): void => {
      node.router.peers$.subscribe(({ id, status }) => told.push(`${status} ${ids.indexOf(id)}`));
    };
    node.router.events$
      .pipe(
        filter(({ type }) => type === 'peer-down'),
        take(1),
      )
      .subscribe(watch);
    channel.reports.next({ peer: ids[0], severity: 'disconnect', reason: 'no' });
    const others = told.filter((text) => text.endsWith('1'));
    const first = told.filter((text) => text.endsWith('0'));
    expect(others).toEqual(['up 1']);
    expect([[], ['up 0', 'down 0']]).toContainEqual(first);
    node.stop();
  });

  it('sends a subscriber the down of a peer that it evicts during its own ups', () => {
    const { node, channel, ids } = withPeers();
    const told: string[] = [];
    node.router.peers$.subscribe(({ id, status }) => {
      told.push(`${status} ${ids.indexOf(id)}`);
      if (told.length > 1) return;
      for (const peer of ids) channel.reports.next({ peer, severity: 'disconnect', reason: 'no' });
    });
    expect(told.slice(0, 2)).toEqual(['up 0', 'up 1']);
    expect(told.slice(2).sort()).toEqual(['down 0', 'down 1']);
    expect(node.router.snapshot().peers).toEqual([]);
    node.stop();
  });

  it('completes for a subscriber that joins after stop', () => {
    const { node } = withPeers();
    node.stop();
    const log: string[] = [];
    node.router.peers$.subscribe({
      next: ({ status }) => log.push(status),
      complete: () => log.push('|'),
    });
    expect(log).toEqual(['|']);
  });
});
