import { describe, expect, it } from '@jest/globals';
import type { Link } from '../../lib/transport/link.ts';
import { connect, Recorder } from '../support/secure.ts';

describe('a link that nobody reads yet', () => {
  it('keeps 64 records before attach, not more, of a socket that cannot pause', () => {
    for (const [records, code] of [
      [64, undefined],
      [65, 'RXMESH_PROTOCOL_VIOLATION'],
    ] as const) {
      const { pair, a, b } = connect();
      for (let record = 0; record < records; record++) {
        a.ping();
        a.flush();
      }
      pair.settle();
      const atB = new Recorder();
      b.attach(atB);
      expect(atB.error?.code).toBe(code);
      expect(atB.heard.filter((line) => line === 'ping')).toHaveLength(code ? 0 : 64);
    }
  });

  it('pauses its socket while 8 records wait for attach, and reads on after those', () => {
    const { pair, a, b } = connect();
    const arrive = (): boolean => {
      a.ping();
      a.flush();
      pair.settle();
      return pair.listener.paused;
    };
    const paused = Array.from({ length: 9 }, arrive);
    expect(paused).toEqual([...Array<boolean>(7).fill(false), true, true]);
    b.pause(false);
    expect(pair.listener.paused).toBe(true);
    const atB = new Recorder();
    b.attach(atB);
    expect(pair.listener.paused).toBe(false);
    expect(atB.heard.filter((line) => line === 'ping')).toHaveLength(9);
    expect(arrive()).toBe(false);
  });

  it('lets a paused socket go when it closes before attach, and leaves it to its owner', () => {
    const paused = (end: (link: Link) => void): boolean => {
      const { pair, a, b } = connect();
      for (let record = 0; record < 8; record++) {
        a.ping();
        a.flush();
      }
      pair.settle();
      end(b);
      b.attach(new Recorder());
      return pair.listener.paused;
    };
    expect(paused((link) => link.close('refused'))).toBe(false);
    expect(paused((link) => link.pause(true))).toBe(true);
  });
});
