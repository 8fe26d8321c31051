import { describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import { json } from '../../../lib/index.ts';
import { MockNode } from '../../support/mock-node.ts';
import { trackLeaks } from '../../support/leaks.ts';

describe('eviction', () => {
  it('R-40 closes the connection to a reported peer, takes it down and stops delivering its messages', () => {
    const node = new MockNode();
    const channel = node.router.openChannel({ id: 2, codec: json<string>() });
    const messages: string[] = [];
    channel.in$.subscribe(({ message }) => messages.push(message));
    node.start();
    const link = node.link('inbound');
    node.arrive(of(link));
    const say = (text: string): void =>
      link.receiver?.data(2, new TextEncoder().encode(JSON.stringify(text)), true);
    say('before');
    channel.reports.next({ peer: node.peer.id, severity: 'disconnect', reason: 'enough' });
    expect(link.closedFor).toBe('evicted');
    expect(node.updates).toEqual([`up ${node.peer.id}`, `down ${node.peer.id}`]);
    expect(messages).toEqual(['before']);
    expect(node.router.snapshot().peers).toEqual([]);
    node.stop();
  });
});

trackLeaks();
