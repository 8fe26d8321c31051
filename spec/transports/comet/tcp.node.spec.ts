import { afterEach, describe, expect, it } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { RxmeshError } from '../../../lib/model/error.ts';
import { VirtualClock } from '../../../lib/testing/virtual-clock.ts';
import type { FrameSocket } from '../../../lib/transport/frame-socket.ts';
import { dialTcp, listenTcp } from '../../../transports/comet/tcp.node.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';

const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});
trackLeaks();

describe('dialTcp', () => {
  it.each([
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['ff02::1', 'multicast'],
    [undefined, 'it must have an IP'],
  ])('refuses %s', async (ip, why) => {
    const endpoint = { protocol: 'tcp', port: 1, ...(ip === undefined ? { host: 'a' } : { ip }) };
    const dialed = firstValueFrom(dialTcp(endpoint, new VirtualClock()));
    await expect(dialed).rejects.toThrow(RxmeshError);
    await expect(dialed).rejects.toMatchObject({ code: 'RXMESH_ENDPOINT_INVALID' });
    await expect(dialed).rejects.toThrow(why);
  });
});

describe('a TCP socket', () => {
  it('is cut 2 s after its close, if the other side does not close', async () => {
    const clock = new VirtualClock();
    const accepted: FrameSocket[] = [];
    let port = 0;
    const server = listenTcp({ host: '127.0.0.1' }, clock, (bound) => (port = bound.port ?? 0));
    const listening = server.subscribe((socket) => accepted.push(socket));
    await until(() => port > 0);
    const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    clients.push(client);
    await until(() => accepted.length > 0);
    listening.unsubscribe();
    const [socket] = accepted;
    socket?.close();
    clock.advance(1_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket?.closed).toBe(false);
    clock.advance(1);
    await until(() => socket?.closed === true);
    expect(clock.dueTimesMs).toEqual([]);
  });
});
