import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { watchOpenings } from '../../lib/frames/openings.ts';
import type { RouterEvent } from '../../lib/index.ts';
import { idOf } from '../support/linked-node.ts';

const channel = 7;
const peer = idOf(1);

/** What is told of a router that has no peers at first, while it emits these events. */
function told(...events: object[]): readonly string[] {
  const log: string[] = [];
  const events$ = new Subject<RouterEvent>();
  const snapshot = () => ({ peers: [] });
  watchOpenings({ events$, snapshot }, channel, {
    opened: (id) => log.push(`${id === peer ? 'it' : 'another'} opened`),
    lost: (_, because) => log.push(because),
  });
  for (const event of events) events$.next(event as RouterEvent);
  return log;
}

const up = (...channels: number[]) => ({ type: 'peer-up', peer, channels });
const down = { type: 'peer-down', peer };
const opens = (id: number, open: boolean) => ({ type: 'peer-channel', peer, channel: id, open });

describe('the openings of a channel', () => {
  it('tells of a peer that comes up with it, or opens it later, and leaves', () => {
    expect(told(up(channel), down)).toEqual(['it opened', 'disconnected']);
    const later = told(up(), opens(channel, true), opens(channel, false), opens(channel, true));
    expect(later).toEqual(['it opened', 'closed the channel', 'it opened']);
  });

  it('tells nothing twice', () => {
    const again = told(up(channel), opens(channel, true), down, down);
    expect(again).toEqual(['it opened', 'disconnected']);
  });

  it('ignores other channels', () => {
    const log = told(up(8), opens(8, false), opens(8, true), down);
    expect(log).toEqual([]);
    expect(told(up(channel), opens(8, false))).toEqual(['it opened']);
  });

  it('ignores a peer that is not connected', () => {
    expect(told(opens(channel, true))).toEqual([]);
    expect(told(up(channel), down, opens(channel, true))).toEqual(['it opened', 'disconnected']);
  });

  it('leaves nothing subscribed when it is unsubscribed', () => {
    const events$ = new Subject<RouterEvent>();
    const snapshot = () => ({ peers: [] });
    const openings = { opened: () => undefined, lost: () => undefined };
    const watching = watchOpenings({ events$, snapshot }, channel, openings);
    expect(events$.observed).toBe(true);
    watching.unsubscribe();
    expect(events$.observed).toBe(false);
  });
});
