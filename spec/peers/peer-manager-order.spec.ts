import { describe, expect, it } from '@jest/globals';
import { at, Bench, failure, id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

describe('PeerManager: who is dialed first', () => {
  it('hands out a chosen peer that keeps failing before strangers that never have', () => {
    const bench = new Bench({ maxDialing: 1, retryMinMs: 100, retryMaxMs: 100 });
    bench.add(at('a'));
    for (const digit of ['1', '2', '3']) bench.manager.add(at(digit), { isChosen: false });
    bench.dial();
    expect(bench.newDials()).toEqual(['a@host-a']);
    bench.manager.dialFailed(at('a'), failure());
    // A stranger gets its turn while the chosen one waits.
    expect(bench.newDials()).toEqual(['1@host-1']);
    bench.time.advance(100);
    bench.manager.dialFailed(at('1'), failure());
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('hands out a stranger that it has reached before those that it has not', () => {
    const bench = new Bench({ maxDialing: 1, retryMinMs: 100, disconnectCooldownMs: 100 });
    const stranger = (digit: string) => bench.manager.add(at(digit), { isChosen: false });
    stranger('a');
    bench.dial();
    expect(bench.newDials()).toEqual(['a@host-a']);
    for (const digit of ['1', '2']) stranger(digit);
    bench.manager.dialed(at('a'));
    expect(bench.newDials()).toEqual(['1@host-1']);
    bench.manager.ready(id('a'), 'outbound');
    bench.manager.report({ peer: id('a'), severity: 'note', reason: 'the test' });
    bench.manager.disconnected(id('a'), 'outbound');
    bench.time.advance(100);
    bench.manager.dialFailed(at('1'), failure());
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('a higher rank counts more than having been chosen', () => {
    const rank = ({ id: peer }: { id: string }): number => Number(peer === id('1'));
    const bench = new Bench({ maxDialing: 1, rank }).add(at('a'));
    bench.manager.add(at('1'), { isChosen: false });
    expect(bench.dial().newDials()).toEqual(['1@host-1']);
  });
});

trackLeaks();
