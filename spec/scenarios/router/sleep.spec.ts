import { describe, expect, it } from '@jest/globals';
import type { RouterLike } from '../../../lib/index.ts';
import type { PeerOptions } from '../../../lib/peers/options.ts';
import { MemoryNetwork } from '../../../transports/memory/index.ts';
import { MachineClock } from '../../support/machine-clock.ts';
import { makeRouter } from '../../support/maker.ts';
import { identityOf } from '../../support/mock-node.ts';
import { MockTransport } from '../../support/mock-transport.ts';

const minute = 60_000;
const [server, laptop] = [identityOf(1), identityOf(2)];
const address = `memory:${server.id}`;

/**
 * A server, and a laptop that keeps dialing it. Each is a machine of its own, and the laptop may
 * sleep.
 */
class Office {
  readonly clocks = { server: new MachineClock(), laptop: new MachineClock() };
  readonly network = new MemoryNetwork({ clock: this.clocks.server, protection: 'trusted' });
  readonly server: RouterLike = this.#router(server, this.clocks.server, {});
  readonly laptop: RouterLike;
  /** The laptop's peer events with their times: `up 0`, `RXMESH_PEER_TIMEOUT 5000`. */
  log: string[] = [];
  #sinceMs = 0;

  constructor(peers: PeerOptions = {}) {
    this.laptop = this.#router(laptop, this.clocks.laptop, { persistent: [address], ...peers });
    this.laptop.events$.subscribe((event) => {
      const atMs = this.clocks.server.passedMs - this.#sinceMs;
      if (event.type === 'peer-up') this.log.push(`up ${atMs}`);
      if (event.type === 'peer-down') this.log.push(`${event.error?.code} ${atMs}`);
    });
    void this.server.start();
    void this.laptop.start();
    this.pass(60_000);
  }

  /** Time passes on both machines. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 10) {
      this.clocks.server.advance(10);
      this.clocks.laptop.advance(10);
    }
  }

  /**
   * The laptop sleeps while the server keeps running. The log restarts on wake-up.
   * @param clock whether the laptop's clock runs meanwhile, which depends on its system
   */
  sleep(ms: number, clock: 'runs' | 'stands' = 'runs'): void {
    this.clocks.server.advance(ms);
    if (clock === 'runs') this.clocks.laptop.sleep(ms);
    this.watch();
  }

  /** Restarts the log. */
  watch(): void {
    this.log = [];
    this.#sinceMs = this.clocks.server.passedMs;
  }

  /** Drops all traffic without either side noticing. */
  silence(): void {
    this.network.silence([server.id], [laptop.id]);
  }

  /** Cuts the network for hours. The laptop dials now and then, and reaches nobody. */
  away(): void {
    this.network.partition([server.id], [laptop.id]);
    this.clocks.laptop.advance(180 * minute + 1_000);
    this.network.heal();
    this.watch();
  }

  stop(): void {
    void this.laptop.stop();
    void this.server.stop();
    this.pass(10_000);
    expect([this.clocks.server.timers, this.clocks.laptop.timers]).toEqual([0, 0]);
  }

  #router(identity: typeof server, clock: MachineClock, peers: PeerOptions): RouterLike {
    return makeRouter({
      identity,
      network: 'demo',
      clock,
      random: () => 0,
      transports: [this.network.transport(identity.id)],
      // The server must not dial back: what the laptop does by itself is to be seen.
      advertise: false,
      peers,
    });
  }
}

describe('L-11 a laptop that wakes from sleep', () => {
  it.each([25_000, minute, 8 * 60 * minute])(
    'drops its dead connection within 5 s and soon reconnects (%i ms)',
    (ms) => {
      const office = new Office();
      office.silence();
      office.sleep(ms);
      office.pass(5_020);
      expect(office.log).toEqual([expect.stringMatching(/^RXMESH_PEER_TIMEOUT 50[012]0$/)]);
      office.network.heal();
      office.pass(2_500);
      expect(office.log).toEqual([expect.anything(), expect.stringMatching(/^up 70\d0$/)]);
      office.stop();
    },
  );

  it('keeps a connection that survives the sleep', () => {
    const office = new Office();
    office.sleep(25_000);
    office.pass(2 * minute);
    expect(office.log).toEqual([]);
    expect(office.laptop.snapshot().peers[0]?.roundTripMs).toBeLessThan(20);
    office.stop();
  });

  it('detects a dead connection in the usual time if its clock stood still', () => {
    const office = new Office();
    office.silence();
    office.sleep(8 * 60 * minute, 'stands');
    office.pass(29_000);
    expect(office.log).toEqual([]);
    office.pass(11_000);
    expect(office.log).toEqual([expect.stringContaining('RXMESH_PEER_TIMEOUT')]);
    office.network.heal();
    // A dial may be in progress that gets no answer.
    office.pass(10_000);
    expect(office.log).toHaveLength(2);
    office.stop();
  });

  it('immediately dials a peer that was unreachable before', () => {
    const office = new Office({ retryMaxPersistentMs: 60 * minute });
    office.away();
    office.pass(minute);
    expect(office.log).toEqual([]);
    office.sleep(minute);
    office.pass(10);
    expect(office.log).toEqual(['up 10']);
    office.stop();
  });

  it('keeps trying if the network returns a few seconds later', () => {
    const office = new Office({ retryMaxPersistentMs: 60 * minute });
    office.away();
    office.network.partition([server.id], [laptop.id]);
    office.sleep(minute);
    office.pass(3_000);
    office.network.heal();
    office.pass(2_000);
    expect(office.log).toEqual([expect.stringMatching(/^up 3\d{3}$/)]);
    office.stop();
  });

  it('keeps no timer for this without a connection or a dial', () => {
    const office = new Office({ persistent: [] });
    expect(office.clocks.laptop.timers).toBe(0);
    office.stop();
  });
});

describe('L-11 router.redial', () => {
  it('immediately dials a peer that is in backoff', () => {
    const office = new Office({ retryMaxPersistentMs: 60 * minute });
    office.away();
    office.pass(minute);
    expect(office.log).toEqual([]);
    office.laptop.peers.redial();
    office.pass(10);
    expect(office.log).toHaveLength(1);
    office.stop();
  });

  it('probes the connected peers', () => {
    const office = new Office();
    office.watch();
    office.laptop.peers.redial();
    office.pass(minute);
    expect(office.log).toEqual([]);
    office.silence();
    office.watch();
    office.laptop.peers.redial();
    office.pass(5_010);
    expect(office.log).toEqual([expect.stringMatching(/^RXMESH_PEER_TIMEOUT 50[01]0$/)]);
    office.network.heal();
    office.pass(3_000);
    expect(office.log).toHaveLength(2);
    office.stop();
  });

  it('has no effect before start, and does nothing after stop', () => {
    const router = makeRouter({
      identity: identityOf(3),
      network: 'demo',
      transports: [new MockTransport(['memory'])],
      clock: new MachineClock(),
      peers: { addresses: [address] },
    });
    const events: string[] = [];
    router.events$.subscribe(({ type }) => events.push(type));
    router.peers.redial();
    void router.stop();
    router.peers.redial();
    expect(events).toEqual(['peer-command']);
  });
});

describe('L-11 router.peers.add', () => {
  it('immediately dials a known address and returns false', () => {
    const office = new Office({ persistent: [], addresses: [address], retryMaxMs: 60 * minute });
    office.away();
    office.pass(minute);
    expect(office.log).toEqual([]);
    expect(office.laptop.peers.add(address)).toBe(false);
    office.pass(10);
    expect(office.log).toHaveLength(1);
    office.stop();
  });
});
