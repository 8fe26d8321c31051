import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../lib/flow/clock.ts';
import { until } from '../../support/until.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { NodeSockets } from './node-sockets.ts';
import { Log, releases } from './support.ts';

const release = releases();
const node = new NodeSockets(release);

describe('a WebSocket of Node', () => {
  it('closes within the time limit when the other side is silent', async () => {
    const { client, socket } = await node.foreign();
    new Log(socket.frames$);
    client.pause();
    const from = systemClock.now();
    socket.close();
    // Its own socket, though not the client's, which waits for the test.
    await until(() => release.open().filter((kind) => kind === 'socket').length === 1);
    const tookMs = systemClock.now() - from;
    expect(tookMs).toBeGreaterThan(1_500);
  });
});

trackLeaks();
