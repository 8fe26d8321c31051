import { describe, expect, it } from '@jest/globals';
import { trackLeaks } from '../../support/leaks.ts';
import { add, explore } from './worlds.ts';

describe('everything that can happen in a world', () => {
  it('of two peers and one slot matches the model', () => {
    const states = explore({
      digits: ['1', '2'],
      options: { maxConnected: 1, maxUpgrading: 1, maxPeers: 2, reserved: 0 },
      start: [add('1', 'application')],
      without: ['advance', 'dial failed'],
    });
    expect(states).toBeGreaterThan(100);
  });
});

trackLeaks();
