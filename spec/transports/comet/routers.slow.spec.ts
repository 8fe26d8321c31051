import { describe, expect, it } from '@jest/globals';
import { block, raw } from 'rxmesh';
import { trackLeaks } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';
import { connected, node, numberOf, sendAll } from './two-routers.ts';

trackLeaks();

describe('two nodes over CometBFT’s wire', () => {
  it('a full block lane loses nothing: its peer waits, with all of its channels', async () => {
    const [a, b] = [node(), node()];
    const options = { codec: raw(), inbound: block(4), outbound: block(4) };
    const data = a.router.openChannel({ id: 0x21, ...options });
    const urgent = a.router.openChannel({ id: 0x20, ...options });
    const slow = b.router.openChannel({ id: 0x21, ...options });
    const other = b.router.openChannel({ id: 0x20, ...options });
    const heard: number[] = [];
    let others = 0;
    other.in$.subscribe(() => (others += 1));
    await connected(a, b);
    const sending = sendAll(data, b, 2_000, 4_096);
    const granted = (): number => b.router.snapshot().peers[0]?.channels[0]?.inbound.depth ?? 0;
    await until(() => granted() === 4);
    await sendAll(urgent, b, 4, 16);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The lane of 4 is full, and nothing behind the fifth message has been read.
    expect([granted(), others]).toEqual([4, 0]);
    slow.in$.subscribe(({ message }) => heard.push(numberOf(message)));
    await sending;
    await until(() => heard.length === 2_000 && others === 4);
    expect(heard).toEqual(Array.from({ length: 2_000 }, (_, at) => at));
    expect(b.events.filter(({ type }) => type === 'message-dropped')).toEqual([]);
  });
});
