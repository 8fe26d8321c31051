import { describe, expect, it } from '@jest/globals';
import { Recorder } from '../../support/secure.ts';
import { messagePacket, RawPeer } from './support.ts';

describe('a link whose receiver takes nothing more', () => {
  /** A receiver that takes a message on channel 0x20 only while it has room. */
  class Picky extends Recorder {
    room = 1;

    takes(channel: number): boolean {
      return channel !== 0x20 || this.room > 0;
    }

    override data(channel: number, bytes: Uint8Array, last: boolean): void {
      if (channel === 0x20 && last) this.room -= 1;
      super.data(channel, bytes, last);
    }
  }

  function picky(): { peer: RawPeer; receiver: Picky } {
    const peer = new RawPeer();
    const receiver = new Picky();
    // A second receiver in the place of the first, which took everything.
    Object.assign(peer.heard, {
      takes: (channel: number) => receiver.takes(channel),
      data: (channel: number, bytes: Uint8Array, last: boolean) =>
        receiver.data(channel, bytes, last),
    });
    return { peer, receiver };
  }

  it('pauses the socket, hands over nothing of any channel, and goes on where it stopped', () => {
    const { peer, receiver } = picky();
    const one = messagePacket(0x20, Uint8Array.of(1), true);
    const two = messagePacket(0x20, Uint8Array.of(2), true);
    const other = messagePacket(0x22, Uint8Array.of(3), true);
    peer.send(Uint8Array.from([...one, ...two, ...other]));
    expect(receiver.heard).toEqual(['data 32 01 last']);
    expect(peer.pair.listener.paused).toBe(true);
    receiver.room = 1;
    peer.link.pause(false);
    expect(receiver.heard).toEqual(['data 32 01 last', 'data 32 02 last', 'data 34 03 last']);
    expect(peer.pair.listener.paused).toBe(false);
  });

  it('finishes a message that has begun', () => {
    const { peer, receiver } = picky();
    peer.send(messagePacket(0x20, Uint8Array.of(1), false));
    receiver.room = 0;
    peer.send(messagePacket(0x20, Uint8Array.of(2), true));
    expect(receiver.heard).toEqual(['data 32 01', 'data 32 02 last']);
    expect(peer.pair.listener.paused).toBe(false);
  });

  it('asks again before the next message, also behind one of several pieces', () => {
    const { peer, receiver } = picky();
    peer.send(messagePacket(0x20, Uint8Array.of(1), false));
    peer.send(messagePacket(0x20, Uint8Array.of(2), true));
    peer.send(messagePacket(0x20, Uint8Array.of(3), false));
    expect(receiver.heard).toEqual(['data 32 01', 'data 32 02 last']);
    expect(peer.pair.listener.paused).toBe(true);
  });

  it('sends a pong every 15 s, unasked, until it is resumed', () => {
    const { peer, receiver } = picky();
    receiver.room = 0;
    peer.send(messagePacket(0x20, Uint8Array.of(1), true));
    peer.clock.advance(31_000);
    peer.pair.settle();
    expect(peer.arrived).toEqual([2, 0x12, 0, 2, 0x12, 0]);
    receiver.room = 1;
    peer.link.pause(false);
    expect(peer.clock.dueTimesMs).toEqual([]);
    expect(receiver.heard).toEqual(['data 32 01 last']);
  });

  it('sends a pong every 15 s also if it is held again while its socket resumes', () => {
    const { peer, receiver } = picky();
    const { listener } = peer.pair;
    const packet = messagePacket(0x20, Uint8Array.of(1), true);
    peer.send(packet);
    peer.send(packet);
    // A socket that hands over what waits in it as soon as it is resumed.
    Object.assign(listener, {
      pause: (paused: boolean) => {
        listener.paused = paused;
        if (!paused) peer.send(packet);
      },
    });
    receiver.room = 1;
    peer.link.pause(false);
    expect([receiver.heard.length, listener.paused]).toEqual([2, true]);
    peer.arrived.length = 0;
    peer.clock.advance(31_000);
    peer.pair.settle();
    expect(peer.arrived).toEqual([2, 0x12, 0, 2, 0x12, 0]);
  });
});
