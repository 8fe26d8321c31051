import { describe, expect, it } from '@jest/globals';
import { block } from '../../lib/flow/strategy.ts';
import { unlimitedCredit } from '../../lib/transport/link.ts';
import { data, type FakeLink } from '../support/fake-link.ts';
import { heard, LinkedNode, open } from '../support/linked-node.ts';

/** Whether another message may arrive on channel 7. */
function takes(link: FakeLink): boolean | undefined {
  let may: boolean | undefined;
  link.hand((receiver) => (may = receiver.takes?.(7)));
  return may;
}

describe('a link without credit', () => {
  it.each([
    ['messages', block(2), [[1], [2]]],
    ['bytes', block(8, { bytes: 3 }), [[1, 2, 3]]],
  ])('takes no message while the lane has no room for %s', (_, inbound, sent) => {
    const node = new LinkedNode();
    const channel = open(node, { inbound });
    const { link } = node.peer(1, {}, { hasCredit: false });
    link.arrive({ type: 'credit', channel: 7, messages: unlimitedCredit, bytes: unlimitedCredit });
    expect(takes(link)).toBe(true);
    link.arrive(...sent.map((each) => data(7, each)));
    expect(takes(link)).toBe(false);
    heard(channel);
    node.turn();
    expect(takes(link)).toBe(true);
  });
});
