import { describe, expect, it } from '@jest/globals';
import { Stored } from './stored.ts';

describe('the saver of peers', () => {
  it('writes a backlog in batches of a thousand, one after the other', () => {
    const peers = new Stored({ maxPeers: 3_000 }).load();
    for (let n = 1; n <= 2_500; n += 1) {
      peers.manager.add(`ws://${n.toString(16).padStart(40, '0')}@host:${n}`);
    }
    peers.time.advance(1_000);
    expect(peers.store.newBatches().map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    const again = new Stored({ maxPeers: 3_000 }, peers.store).load();
    expect(peers.store.newReads().filter((read) => read.includes('/peer/'))).toHaveLength(4);
    expect(again.manager.peers()).toHaveLength(2_500);
  });
});
