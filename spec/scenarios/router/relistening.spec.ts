import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { RxmeshError, type Connection, type Endpoint } from '../../../lib/index.ts';
import { MockNode } from '../../support/mock-node.ts';
import { MockTransport } from '../../support/mock-transport.ts';

describe('L-31 a transport that stops listening', () => {
  const gone = new RxmeshError('RXMESH_CONNECTION_FAILED', 'the interface is gone');

  it('is retried after a second again once it has listened for a minute', () => {
    const node = new MockNode();
    node.start();
    const fail = (): void => {
      const { transport } = node;
      const failing = transport.incoming;
      Object.assign(transport, { incoming: new Subject<Connection>() });
      failing.error(gone);
    };
    fail();
    node.clock.advance(1_000);
    fail();
    node.clock.advance(1_999);
    expect(node.transport.accepts).toBe(2);
    node.clock.advance(1);
    expect(node.transport.accepts).toBe(3);
    node.clock.advance(60_000);
    fail();
    node.clock.advance(1_000);
    expect(node.transport.accepts).toBe(4);
    expect(node.codes('transport-failed')).toHaveLength(3);
    node.stop();
  });

  it('does not keep `start` from waiting for another transport', async () => {
    const [slow, failing] = [new MockTransport(), new MockTransport()];
    const endpoints = new Subject<readonly Endpoint[]>();
    Object.assign(slow, { endpoints$: endpoints });
    const node = new MockNode({ transports: [failing, slow] });
    const started = node.router.start();
    failing.incoming.error(gone);
    endpoints.next([{ protocol: 'mock', path: 'here' }]);
    await started;
    node.stop();
  });
});
