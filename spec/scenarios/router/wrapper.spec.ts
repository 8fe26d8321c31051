import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { json, oneof, wrapped, type Channel, type Oneof } from '../../../lib/index.ts';
import type { Simulation } from '../../../lib/testing/index.ts';
import { simulate } from '../../support/maker.ts';
import { typeOf, type Move, type Resign } from '../../codec/messages.ts';
import { drops } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';

type Message = Oneof<{ move: Move; resign: Resign }>;

describe('messages in a wrapper', () => {
  let net: Simulation;
  beforeEach(() => {
    net = simulate({ nodes: 2 });
  });
  afterEach(() => {
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  const all = ({ in$ }: Pick<Channel<unknown>, 'in$'>): unknown[] => {
    const messages: unknown[] = [];
    in$.subscribe(({ message }) => messages.push(message));
    return messages;
  };

  it('R-21 wraps an inner message once on sending and unwraps it once on arrival', () => {
    const calls: string[] = [];
    const chat = net.openChannels({
      id: 1,
      codec: wrapped(json<{ inner: string }>(), {
        wrap: (inner: string) => {
          calls.push(`wrap ${inner}`);
          return { inner };
        },
        unwrap: ({ inner }) => {
          calls.push(`unwrap ${inner}`);
          return inner;
        },
      }),
    });
    net.start();
    const messages = all(chat(1));
    chat(0).out.next({ to: net.node(1).id, message: 'x' });
    net.advance(0);
    expect(messages).toEqual(['x']);
    expect(calls).toEqual(['wrap x', 'unwrap x']);
  });

  const games = (): ((node: number) => Channel<Message>) => {
    const kinds = { move: typeOf('Move'), resign: typeOf('Resign') };
    const chat = net.openChannels({
      id: 1,
      codec: oneof<{ move: Move; resign: Resign }>(typeOf('Game'), kinds),
    });
    net.start();
    return chat;
  };

  it('R-22 drops a message that the wrapper rejects, and nothing arrives', () => {
    const game = games();
    const messages = all(game(1));
    const refused = { kind: 'castle', x: 1 } as unknown as Message;
    game(0).out.next({ to: net.node(1).id, message: refused });
    net.advance(1_000);
    expect(messages).toEqual([]);
    expect(drops(net)).toEqual(['0 outbound 1 encode-failed']);
  });

  it('R-23 passes the wrapper itself unchanged and unwraps it on arrival', () => {
    const game = games();
    const messages = all(game(1));
    const wrapper = { resign: { reason: 'late' } } as unknown as Message;
    game(0).out.next({ to: net.node(1).id, message: wrapper });
    game(0).out.next({ to: net.node(1).id, message: { kind: 'move', x: 1, y: 2 } });
    net.advance(0);
    expect(messages).toEqual([
      expect.objectContaining({ kind: 'resign', reason: 'late' }),
      expect.objectContaining({ kind: 'move', x: 1, y: 2 }),
    ]);
  });
});
