import { describe, expect, it } from '@jest/globals';
import { type RouterEvent, RxmeshError } from '../../lib/index.ts';
import { SecondSelf } from '../../lib/router/second-self.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { at, id } from '../peers/fixture.ts';

const error = new RxmeshError('RXMESH_SELF_CONNECTION', 'the other side has our key');
const duplicate = new RxmeshError('RXMESH_DUPLICATE_CONNECTION', 'connected already');

function watch() {
  const clock = new VirtualClock();
  const events: RouterEvent[] = [];
  return { clock, events, self: new SecondSelf(clock, (event) => events.push(event)) };
}

describe('a second node with our key', () => {
  it('is reported where it is met, once a minute for one place', () => {
    const { clock, events, self } = watch();
    const address = at('2');
    self.failed({ direction: 'outbound', address, error });
    for (const port of [1, 2]) {
      const remote = { protocol: 'ws', ip: '192.0.2.1', port };
      self.failed({ direction: 'inbound', remote, error });
    }
    expect(events).toEqual([
      { type: 'identity-in-use', direction: 'outbound', address, error },
      expect.objectContaining({
        direction: 'inbound',
        remote: expect.objectContaining({ port: 1 }),
      }),
    ]);
    clock.advance(59_999);
    self.failed({ direction: 'outbound', address, error });
    expect(events).toHaveLength(2);
    clock.advance(1);
    self.failed({ direction: 'outbound', address, error });
    expect(events).toHaveLength(3);
  });

  it('other failures say nothing about it', () => {
    const { events, self } = watch();
    self.failed({ direction: 'outbound', address: at('2'), error: duplicate });
    expect(events).toEqual([]);
  });

  it('a peer that refuses us as connected already gives it away after 30 s', () => {
    const { clock, events, self } = watch();
    const meeting = { direction: 'outbound', address: at('2'), error: duplicate } as const;
    self.refusedAsDuplicate(id('2'), meeting);
    clock.advance(29_999);
    self.refusedAsDuplicate(id('2'), meeting);
    expect(events).toEqual([]);
    self.up(id('2'));
    clock.advance(1);
    self.refusedAsDuplicate(id('2'), meeting);
    expect(events).toEqual([]);
    clock.advance(30_000);
    self.refusedAsDuplicate(id('2'), meeting);
    expect(events).toEqual([{ type: 'identity-in-use', ...meeting }]);
  });
});
