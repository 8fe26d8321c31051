import { describe, expect, it } from '@jest/globals';
import { trackLeaks } from '../../support/leaks.ts';
import { add, explore } from './worlds.ts';

const digits = ['1', '2', '3'];
const limits = { maxConnected: 2, maxUpgrading: 1, maxPeers: 3 };

describe('everything that can happen in a world of two peers and one slot', () => {
  it('matches the model, with dials that fail and waits that end', () => {
    const states = explore({
      digits: ['1', '2'],
      options: { maxConnected: 1, maxUpgrading: 1, maxPeers: 2, reserved: 0 },
      start: [add('1', 'application')],
    });
    expect(states).toBeGreaterThan(500);
  });
});

describe('everything that can happen in a world of three peers and two slots', () => {
  it('matches the model, with a persistent peer, a chosen one and a stranger', () => {
    const states = explore({
      digits,
      options: { ...limits, disconnectCooldownMs: 0 },
      start: [add('1', 'options'), add('2', 'application')],
      without: ['advance'],
    });
    expect(states).toBeGreaterThan(1_500);
  });

  it('matches the model, with strangers only', () => {
    const states = explore({ digits, options: { ...limits, disconnectCooldownMs: 0 }, start: [] });
    expect(states).toBeGreaterThan(500);
  });

  it('matches the model, with strangers that this node dials beyond the one that it wants', () => {
    const states = explore({
      digits,
      options: {
        maxConnected: 3,
        wanted: 1,
        maxUpgrading: 1,
        maxPeers: 4,
        disconnectCooldownMs: 0,
      },
      start: digits.map((digit) => add(digit, 'peer')),
      without: ['accepted', 'advance'],
    });
    expect(states).toBeGreaterThan(50);
  });

  it('matches the model, with chosen peers and none in a reserved slot', () => {
    const states = explore({
      digits,
      options: { ...limits, disconnectCooldownMs: 0, maxInbound: 1, reserved: 1 },
      start: [add('1', 'application'), add('2', 'application')],
      without: ['dial failed'],
    });
    expect(states).toBeGreaterThan(500);
  });
});

trackLeaks();
