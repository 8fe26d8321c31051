import { describe, expect, it } from '@jest/globals';
import { createRouter, type RouterOptions } from 'rxmesh';
import { sendingChannel } from '../../lib/channel/sending-channel.ts';
import { type Options, optionsFrom } from '../../scripts/simulate/options.ts';
import { run } from '../../scripts/simulate/run.ts';

const line = '--nodes 6 --minutes 1 --churn 1 --rate 120 --bandwidth 5000 --traffic pipe';

function options(more: string): Options {
  const read = optionsFrom(`${line} ${more}`.split(' '));
  if (read === undefined) throw new Error('no options');
  return read;
}

/** A router whose pipes do not wait for recipients that are away. */
function withoutWaiting(given: RouterOptions) {
  const router = createRouter(given);
  const open = router.openChannel.bind(router);
  router.openChannel = (channelOptions) => {
    const channel = sendingChannel('a spec', open(channelOptions));
    const changed = {
      sender: (settled: Parameters<typeof channel.sender>[0]) => channel.sender(settled, 0),
    };
    return new Proxy(channel, {
      get: (target, name): unknown => {
        const value: unknown = Reflect.get(name in changed ? changed : target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  };
  return router;
}

describe(`npm run simulate -- ${line}`, () => {
  it.each([1, 2, 3])('loses nothing that pipes have pulled, seed %i', (seed) => {
    const { broken, left, messages } = run(options(`--partitions 1 --seed ${seed}`));
    expect(broken).toBeUndefined();
    expect(left).toBeGreaterThan(2);
    expect(messages.delivered).toBeGreaterThan(100);
  });

  it('finds pipes that do not wait for a recipient that is away', () => {
    const { broken, firstBroken } = run(options('--seed 1'), withoutWaiting);
    expect(firstBroken?.invariant).toBe('pipes');
    expect(broken).toMatch(/^seed 1: \d+ pipes did not hold\npipes, after \d+ ms: the pipe from /);
    expect(broken).toContain('dropped, unknown-peer');
  });
});
