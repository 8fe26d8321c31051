import { describe, expect, it } from '@jest/globals';
import type { NodeAddress } from '../../lib/model/address.ts';
import type { PeerManagerOptions } from '../../lib/peers/peer-manager-options.ts';
import { trackLeaks } from '../support/leaks.ts';
import { MachineClock } from '../support/machine-clock.ts';
import { at, Bench, failure, id } from './fixture.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A manager on a machine that may sleep, whose dials fail immediately while `fails` is set. */
class Machine extends Bench {
  readonly clock: MachineClock;
  fails = true;

  constructor(options: Partial<PeerManagerOptions> = {}) {
    const clock = new MachineClock();
    super({ clock, ...options });
    this.clock = clock;
  }

  override dial(): this {
    this.manager.dials$.subscribe((address: NodeAddress) => {
      this.dials.push(address);
      if (this.fails) this.clock.schedule(() => this.fail(address), 1);
    });
    return this;
  }

  fail(address: NodeAddress): void {
    this.manager.dialFailed(address, failure());
  }

  /** Fails dials until the wait for the next one has reached its maximum. */
  giveUpAlmost(): this {
    this.dial();
    this.clock.advance(3 * hour);
    this.newDials();
    return this;
  }

  /** Dials with their times from now: `a 0`. */
  dialsWithin(ms: number): string[] {
    const startMs = this.clock.passedMs;
    const log: string[] = [];
    for (let passed = 0; passed <= ms; passed += 1) {
      this.clock.advance(passed === 0 ? 0 : 1);
      for (const dial of this.newDials()) log.push(`${dial[0]} ${this.clock.passedMs - startMs}`);
    }
    return log;
  }
}

describe('L-11 PeerManager: redial', () => {
  it('immediately dials peers in backoff and restarts their backoff', () => {
    const machine = new Machine({ persistent: [at('a')], addresses: [at('b')] }).giveUpAlmost();
    expect(machine.dialsWithin(5_000)).toEqual([]);
    machine.manager.redial();
    expect(machine.dialsWithin(2_000)).toEqual([
      'a 0',
      'b 0',
      'a 251',
      'b 251',
      'a 752',
      'b 752',
      'a 1753',
      'b 1753',
    ]);
  });

  it('keeps what is known about an address that failed', () => {
    const machine = new Machine({ addresses: [at('a')] }).giveUpAlmost();
    const [before] = machine.manager.peers();
    machine.manager.redial();
    machine.clock.advance(1);
    const [after] = machine.manager.peers();
    expect(after?.score).toBe((before?.score ?? NaN) - 1);
  });

  it('a ready connection restarts the backoff too', () => {
    const machine = new Machine({ addresses: [at('a')], disconnectCooldownMs: 0 }).giveUpAlmost();
    machine.accept('a');
    machine.manager.disconnected(id('a'), 'inbound');
    expect(machine.dialsWithin(800)).toEqual(['a 0', 'a 251', 'a 752']);
  });

  it('ends the pause after a disconnect', () => {
    const machine = new Machine().add(at('a')).accept('a').dial();
    machine.manager.disconnected(id('a'), 'inbound');
    expect(machine.newDials()).toEqual([]);
    machine.manager.redial();
    expect(machine.newDials()).toEqual(['a@host-a']);
  });

  it('respects the limit on concurrent dials', () => {
    const machine = new Machine({ maxDialing: 1, addresses: [at('a'), at('b')] }).giveUpAlmost();
    machine.fails = false;
    machine.manager.redial();
    machine.manager.redial();
    expect(machine.newDials()).toHaveLength(1);
  });

  it.each([
    ['a ban', { banMs: hour }],
    ['the wait of an incompatible peer', { incompatibleMs: hour }],
    ['disabled retries', { retryMinMs: 0 }],
  ])('leaves %s unchanged', (_, options) => {
    const machine = new Machine({ ...options, addresses: [at('a')] });
    machine.fails = false;
    machine.dial();
    if ('banMs' in options) {
      machine.manager.report({ peer: id('a'), severity: 'ban', reason: failure() });
    }
    const code = 'incompatibleMs' in options ? 'RXMESH_INCOMPATIBLE' : 'RXMESH_DIAL_FAILED';
    machine.manager.dialFailed(at('a'), failure(code));
    machine.newDials();
    machine.manager.redial();
    machine.clock.advance(hour - 1);
    expect(machine.newDials()).toEqual([]);
    machine.clock.advance(1);
    expect(machine.newDials()).toEqual('retryMinMs' in options ? [] : ['a@host-a']);
  });

  it('does nothing without waiting peers or after close', () => {
    const machine = new Machine();
    machine.manager.redial();
    machine.dial();
    machine.manager.redial();
    expect([machine.newDials(), machine.clock.timers]).toEqual([[], 0]);
    machine.add(at('a'));
    machine.clock.advance(1);
    machine.manager.close();
    machine.manager.redial();
    expect([machine.newDials(), machine.clock.timers]).toEqual([['a@host-a'], 0]);
  });
});

describe('L-11 PeerManager: an address that is added again', () => {
  it('is the only one dialed immediately; add returns that it was known', () => {
    const machine = new Machine({ addresses: [at('a'), at('a', 'x'), at('b')] }).giveUpAlmost();
    machine.fails = false;
    expect(machine.manager.add(at('a', 'x'))).toBe(false);
    expect(machine.newDials()).toEqual(['a@x']);
    machine.fail(at('a', 'x'));
    // Its backoff has restarted.
    expect(machine.dialsWithin(1_000)).toEqual(['a 250']);
  });

  it.each([
    ['incompatible', {}],
    ['not to be dialed again', { retryMinMs: 0 }],
  ])('is dialed even if its peer is %s', (what, options) => {
    const machine = new Machine({ ...options, addresses: [at('a')] });
    machine.fails = false;
    machine.dial();
    const code = what === 'incompatible' ? 'RXMESH_INCOMPATIBLE' : 'RXMESH_DIAL_FAILED';
    machine.manager.dialFailed(at('a'), failure(code));
    machine.newDials();
    machine.add(at('a'));
    expect(machine.newDials()).toEqual(['a@host-a']);
  });

  it('is dialed even within the pause after a disconnect', () => {
    const machine = new Machine().add(at('a')).accept('a').dial();
    machine.manager.disconnected(id('a'), 'inbound');
    machine.add(at('a'));
    expect(machine.newDials()).toEqual(['a@host-a']);
  });

  it('is not dialed while its peer is banned, being dialed or connected', () => {
    const machine = new Machine({ addresses: [at('a'), at('b'), at('c')] }).accept('c').dial();
    machine.manager.report({ peer: id('a'), severity: 'ban', reason: failure() });
    machine.clock.advance(1);
    machine.fails = false;
    machine.clock.advance(minute);
    machine.newDials();
    machine.add(at('a'), at('b'), at('c'));
    expect(machine.newDials()).toEqual([]);
  });
});

describe('L-11 PeerManager: a machine that has slept', () => {
  const everybody = ['a 0', 'b 0'];

  /** All peers wait, and have been waiting for a while. */
  function waiting(): Machine {
    const addresses = { persistent: [at('a')], addresses: [at('b')] };
    const machine = new Machine({ ...addresses, retryMaxMs: hour, retryMaxPersistentMs: hour });
    machine.giveUpAlmost();
    // Just dialed: an hour is left.
    while (machine.newDials().length === 0) machine.clock.advance(1_000);
    machine.clock.advance(1);
    machine.fails = false;
    return machine;
  }

  it.each([0, 1, 9_999, 10_000, 123_456])(
    'immediately dials all waiting peers (asleep after %i ms)',
    (ms) => {
      const machine = waiting();
      machine.clock.advance(ms);
      expect(machine.newDials()).toEqual([]);
      // Less than the remaining wait.
      machine.clock.sleep(10 * minute);
      expect(machine.dialsWithin(0)).toEqual(everybody);
    },
  );

  it('does so within 10 s if its clock jumped and no timer is late', () => {
    const machine = waiting();
    machine.clock.set(10 * minute);
    machine.clock.advance(10_000);
    expect(machine.newDials()).toHaveLength(2);
  });

  it('keeps waiting if it slept for only a few seconds', () => {
    const machine = waiting();
    for (let times = 0; times < 20; times += 1) {
      machine.clock.sleep(9_000);
      machine.clock.advance(1_000);
    }
    expect(machine.newDials()).toEqual([]);
  });

  it('keeps waiting if its clock stood still', () => {
    const machine = waiting();
    machine.clock.set(-minute);
    machine.clock.advance(minute);
    expect(machine.newDials()).toEqual([]);
  });

  it('immediately redials a peer that was being dialed, whichever is reported first', () => {
    for (const isDialFirst of [true, false]) {
      const machine = new Machine({ persistent: [at('a')] }).giveUpAlmost();
      machine.fails = false;
      machine.clock.advance(5 * minute);
      expect(machine.newDials()).toEqual(['a@host-a']);
      machine.clock.sleep(2 * minute);
      if (isDialFirst) machine.fail(at('a'));
      machine.clock.advance(0);
      if (!isDialFirst) machine.fail(at('a'));
      // If reported after the timer, it counts as one failure with the shortest wait.
      expect(machine.dialsWithin(300)).toEqual([isDialFirst ? 'a 0' : 'a 250']);
    }
  });

  it('checks its clock only while a peer is dialed or waits', () => {
    const machine = new Machine({ addresses: [at('a')] });
    expect(machine.clock.timers).toBe(0);
    machine.fails = false;
    machine.dial();
    expect(machine.clock.timers).toBe(1);
    machine.clock.advance(hour);
    expect(machine.clock.timers).toBe(1);
    machine.manager.dialed(at('a'));
    machine.manager.ready(id('a'), 'outbound');
    expect(machine.clock.timers).toBe(0);
    machine.manager.disconnected(id('a'), 'outbound');
    expect(machine.clock.timers).toBe(1);
  });

  it('does not mistake a time without anything to check for sleep', () => {
    const machine = new Machine({ addresses: [at('a')], disconnectCooldownMs: 2_000 });
    machine.fails = false;
    machine.dial();
    machine.clock.advance(hour);
    machine.manager.dialed(at('a'));
    machine.manager.ready(id('a'), 'outbound');
    machine.clock.advance(hour);
    machine.newDials();
    machine.manager.disconnected(id('a'), 'outbound');
    expect(machine.dialsWithin(2_000)).toEqual(['a 2000']);
  });

  it('has nothing to do for connected peers', () => {
    const machine = new Machine({ addresses: [at('a')] }).accept('a').dial();
    machine.clock.sleep(hour);
    machine.clock.advance(0);
    expect([machine.newDials(), machine.newUpdates()]).toEqual([[], ['a up']]);
  });
});

trackLeaks();
