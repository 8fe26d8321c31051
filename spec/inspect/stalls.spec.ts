import { describe, expect, it } from '@jest/globals';
import type { PortSnapshot } from 'rxmesh';
import { type BusyLane, StallWatch } from '../../lib/inspect/stalls.ts';

interface Given {
  readonly peer?: string;
  readonly isConsumed?: boolean;
  readonly out?: Partial<PortSnapshot['outbound']>;
  readonly in?: Partial<PortSnapshot['inbound']>;
  readonly bytesOut?: number;
  readonly messagesIn?: number;
}

/** A lane of channel 7 with four messages in it. */
function lane(direction: 'inbound' | 'outbound', given: Given = {}): BusyLane {
  const { peer = 'ann', isConsumed = true, bytesOut = 100, messagesIn = 4 } = given;
  const four = {
    strategy: 'block',
    depth: 4,
    depthBytes: 40,
    capacity: 4,
    capacityBytes: 400,
  } as const;
  const port: PortSnapshot = {
    channel: 7,
    outbound: { ...four, open: true, credit: 0, creditBytes: 0, waiting: 0, ...given.out },
    inbound: { ...four, granted: 0, grantedBytes: 0, ...given.in },
    messagesIn,
    messagesOut: 10,
    bytesIn: 40,
    bytesOut,
  };
  return { key: `${peer}/7/${direction}`, peer, name: peer, port, direction, isConsumed };
}

/** What is found when these lanes are looked at each second, from 0 s on. */
function looks(...lanes: readonly (readonly BusyLane[])[]) {
  const watch = new StallWatch();
  return lanes.map((each, i) => watch.look(each, [], (peer) => peer, i * 1_000));
}

describe('a stall', () => {
  it('is a lane that has not moved for two seconds', () => {
    const still = [lane('outbound')];
    const [at0, at1, at2] = looks(still, still, still);
    expect([at0, at1]).toEqual([[], []]);
    expect(at2).toMatchObject([{ kind: 'stalled', channel: 7, peers: ['ann'], sinceMs: 0 }]);
  });

  it('is over when the lane moves', () => {
    const still = [lane('outbound')];
    const [, , found, after] = looks(still, still, still, [lane('outbound', { bytesOut: 110 })]);
    expect(found).toHaveLength(1);
    expect(after).toEqual([]);
  });

  it.each<[string, BusyLane, string, string]>([
    [
      'no credit',
      lane('outbound', { out: { waiting: 3 } }),
      'Peer ann takes nothing on this channel, and grants no more credit. Look at the consumer there.',
      '3 sends of this node wait behind 4 messages in the lane.',
    ],
    [
      'a connection that takes no data',
      lane('outbound', { out: { credit: 9, creditBytes: 900 } }),
      'Peer ann grants credit, but the connection takes no data.',
      'No send of this node waits yet; there are 4 messages in the lane.',
    ],
    [
      'a consumer that takes nothing',
      lane('inbound'),
      'The consumer of in$ in this process takes nothing: 4 messages wait. Look for a promise that hangs.',
      'Peer ann waits: no more may be sent on this channel.',
    ],
    [
      'no consumer',
      lane('inbound', { isConsumed: false }),
      'Nothing in this process subscribes to in$ of this channel: 4 messages wait.',
      'Peer ann waits: no more may be sent on this channel.',
    ],
    [
      'a lane that drops',
      lane('inbound', { isConsumed: false, in: { strategy: 'dropOldest', granted: 4 } }),
      'Nothing in this process subscribes to in$ of this channel: 4 messages wait.',
      'Nobody waits: the lane drops messages (dropOldest).',
    ],
  ])('names its cause and who waits: %s', (_what, each, cause, waits) => {
    expect(looks([each], [each], [each])[2]).toMatchObject([{ cause, waits }]);
  });

  it('is found behind a lane without a consumer that replaces its messages', () => {
    const dropping = (messagesIn: number) => [
      lane('inbound', { isConsumed: false, messagesIn, in: { strategy: 'dropOldest' } }),
    ];
    expect(looks(dropping(4), dropping(9), dropping(15))[2]).toMatchObject([{ kind: 'stalled' }]);
  });

  it('of many peers is one row', () => {
    const many = Array.from({ length: 6 }, (_, i) => lane('outbound', { peer: `p${i}` }));
    const [, , found] = looks(many, many, many);
    expect(found).toMatchObject([{ peers: ['p0', 'p1', 'p2', 'p3'] }]);
    expect(found?.[0]?.lanes).toHaveLength(6);
    expect(found?.[0]?.cause).toMatch(/^Peers p0, p1, p2, p3 and 2 more take nothing/);
  });
});

describe('slowness', () => {
  it('is sends that wait for five seconds in front of a lane that moves', () => {
    const moving = Array.from({ length: 6 }, (_, i) => [
      lane('outbound', { bytesOut: i, out: { waiting: 2 } }),
    ]);
    const found = looks(...moving);
    expect(found[4]).toEqual([]);
    expect(found[5]).toMatchObject([
      { kind: 'slow', cause: 'Peer ann takes messages more slowly than this node sends.' },
    ]);
  });
});

describe('an absent peer', () => {
  it('is shown when sends have waited for it for two seconds', () => {
    const watch = new StallWatch();
    const awaited = [{ channel: 7, sends: 1, kept: 0 }];
    const at = (nowMs: number) => watch.look([], awaited, (peer) => peer, nowMs);
    expect(at(0)).toEqual([]);
    expect(at(2_000)).toMatchObject([
      {
        kind: 'absent',
        cause: 'No peer has this channel open.',
        waits: '1 send of this node waits for it.',
      },
    ]);
  });
});
