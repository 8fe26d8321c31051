import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Pending } from '../../../transports/websocket/pending.node.ts';

/** What `Pending` uses of a socket. */
class FakeSocket extends EventEmitter {
  destroyed = false;
  remoteAddress: string | undefined;
  readonly remotePort: number;

  constructor(remoteAddress: string | undefined, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  destroy(): void {
    this.destroyed = true;
    // As Node does: who has gone has no address any more.
    this.remoteAddress = undefined;
    this.emit('close');
  }
}

let port = 0;
/** A connection from `address` that was offered to `pending`. */
function offered(pending: Pending, address: string | undefined): FakeSocket {
  const socket = new FakeSocket(address, (port += 1));
  pending.add(socket as unknown as Socket);
  return socket;
}

const many = (pending: Pending, count: number, address: (index: number) => string): FakeSocket[] =>
  Array.from({ length: count }, (_, index) => offered(pending, address(index)));

const open = (sockets: readonly FakeSocket[]): number =>
  sockets.filter(({ destroyed }) => !destroyed).length;

describe('Pending', () => {
  it('closes one more than 256 at once', () => {
    const pending = new Pending();
    expect(open(many(pending, 260, (index) => `10.0.0.${index % 5}`))).toBe(256);
  });

  it.each([
    ['an IPv4 address', () => '10.0.0.1'],
    [
      'an IPv4 address in IPv6 form',
      (index: number) => (index % 2 ? '10.0.0.1' : '::ffff:10.0.0.1'),
    ],
    ['the /64 of an IPv6 address', (index: number) => `2001:db8:0:1::${index.toString(16)}`],
  ])('closes one more than 64 of one host at once: %s', (_what, address) => {
    const pending = new Pending();
    expect(open(many(pending, 70, address))).toBe(64);
    expect(open([offered(pending, '10.0.0.2'), offered(pending, '2001:db8:0:2::1')])).toBe(2);
  });

  it('has a place again for each that is closed, and for each that is pending no more', () => {
    const pending = new Pending();
    const [first, second, third] = many(pending, 64, () => '10.0.0.1');
    first?.destroy();
    pending.delete(second as unknown as Socket);
    // It is closed later, which gives no place any more.
    second?.destroy();
    many(pending, 2, () => '10.0.0.1');
    expect(third?.destroyed).toBe(false);
    many(pending, 1, () => '10.0.0.1');
    expect(third?.destroyed).toBe(true);
  });

  it('S-03 lets a newcomer displace the oldest of the host that holds most', () => {
    const pending = new Pending();
    const stranger = offered(pending, '10.0.0.9');
    const idle = many(pending, 255, (index) => `10.0.0.${index % 5}`);
    const newcomers = [offered(pending, '10.0.0.8'), offered(pending, '10.0.0.0')];
    expect(open([stranger, ...newcomers])).toBe(3);
    expect(
      idle.map(({ destroyed }, index) => (destroyed ? index : -1)).filter((i) => i >= 0),
    ).toEqual([0, 1]);
  });

  it('closes one without an address, which was reset already', () => {
    expect(offered(new Pending(), undefined).destroyed).toBe(true);
  });

  it('closes all that are left, and no other', () => {
    const pending = new Pending();
    const [first, second, third] = many(pending, 3, () => '10.0.0.1');
    pending.delete(second as unknown as Socket);
    pending.destroyAll();
    expect([first?.destroyed, second?.destroyed, third?.destroyed]).toEqual([true, false, true]);
  });
});
