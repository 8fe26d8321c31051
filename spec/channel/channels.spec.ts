import { describe, expect, it } from '@jest/globals';
import { repeat, take, takeUntil } from 'rxjs';
import { raw } from '../../lib/codec/raw.ts';
import { block } from '../../lib/flow/strategy.ts';
import type { ChannelOptions } from '../../lib/channel/channel.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

const seven = { id: 7, codec: raw() };

describe('Channels', () => {
  it('reports a channel as closed before its `in$` completes, so that a loop of pulls ends', () => {
    const channel = open(new LinkedNode());
    const seen: string[] = [];
    channel.closed$.subscribe(() => seen.push('closed'));
    channel.in$
      .pipe(take(1), repeat(), takeUntil(channel.closed$))
      .subscribe({ complete: () => seen.push('loop ended') });
    channel.close();
    expect(seen).toEqual(['closed', 'loop ended']);
  });

  it('lists every invalid option in one error', () => {
    const { channels } = new LinkedNode();
    const options = {
      id: 65_536,
      codec: {},
      inbound: { strategy: 'none', capacity: 1 },
      outbound: { ...block(1), capacity: 0 },
      priority: 256,
      messageBytesMax: 0.5,
      inbond: block(1),
    } as unknown as ChannelOptions<unknown>;
    const names =
      /there is no option inbond \(did you mean inbound\?\); id must be .*65536.*codec must be.*inbound must be.*outbound must be.*priority must be .*256.*messageBytesMax must be .*0\.5/;
    expect(() => channels.open(options)).toThrow(names);
    expect(() => channels.open(options)).toThrow(
      expect.objectContaining({ code: 'RXMESH_OPTIONS_INVALID' }),
    );
    expect(channels.ids).toEqual([]);
  });

  it('opens no channel without options', () => {
    const { channels } = new LinkedNode();
    expect(() => channels.open(undefined as never)).toThrow(
      'openChannel: options must be an object, got undefined',
    );
    expect(() => channels.open({} as never)).toThrow(/^openChannel: id must be .*codec must be/);
  });

  it.each([0, 256, 1.5, NaN, '9'])('rejects a priority of %p', (priority) => {
    const { channels } = new LinkedNode();
    const options = { ...seven, priority } as ChannelOptions<Uint8Array>;
    expect(() => channels.open(options)).toThrow(/priority must be an integer from 1 to 255, got/);
  });

  it('uses the documented lanes and limit by default', () => {
    const node = new LinkedNode();
    node.channels.open(seven);
    const { session } = node.peer(1);
    expect(session.snapshot()).toMatchObject([
      {
        channel: 7,
        inbound: {
          capacity: 65_536,
          capacityBytes: 2 ** 25,
          granted: 64,
          grantedBytes: 2 ** 22,
        },
        outbound: { capacity: 256, capacityBytes: 2 ** 22 },
      },
    ]);
  });

  it('counts drops by channel and reason', () => {
    const node = new LinkedNode();
    const channel = node.channels.open(seven);
    for (let count = 0; count < 3; count += 1) {
      channel.out.next({ to: idOf(9), message: new Uint8Array(1) });
    }
    channel.out.next({ broadcast: true, message: new Uint8Array(1) });
    expect(node.channels.drops()).toEqual(
      new Map([
        [
          7,
          new Map([
            ['unknown-peer', 3],
            ['no-recipient', 1],
          ]),
        ],
      ]),
    );
  });

  it('routes to a session from when it is added until it is removed', () => {
    const node = new LinkedNode();
    const first = node.peer(1).session;
    expect(node.channels.session(idOf(1))).toBe(first);
    const second = node.peer(1).session;
    expect(node.channels.session(idOf(1))).toBe(second);
    node.channels.remove(first);
    expect(node.channels.session(idOf(1))).toBe(second);
    node.channels.remove(second);
    expect(node.channels.session(idOf(1))).toBeUndefined();
  });

  it('closes every channel and announces it to every peer', () => {
    const node = new LinkedNode();
    const { link } = node.peer(1);
    for (const id of [7, 8]) node.channels.open({ ...seven, id });
    node.channels.close();
    node.turn();
    expect(node.channels.ids).toEqual([]);
    expect(link.take()).toEqual([
      'credit 7 64 4194304',
      'credit 8 64 4194304',
      'closed 7',
      'closed 8',
    ]);
  });

  it('leaves nothing behind of a channel closed during its opening', () => {
    const node = new LinkedNode();
    const one = node.peer(1);
    const two = node.peer(2);
    one.link.onFlush = () => node.channels.close();
    node.channels.open(seven);
    node.turn();
    expect(node.channels.ids).toEqual([]);
    expect(one.link.take()).toEqual(['credit 7 64 4194304', 'closed 7']);
    expect(two.link.take()).toEqual([]);
    expect(two.session.snapshot()).toEqual([]);
  });
});
