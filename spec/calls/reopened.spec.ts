import { describe, expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { calls } from 'rxmesh/calls';
import { simulate } from 'rxmesh/testing';
import { NEVER } from 'rxjs';
import { kinds } from '../../lib/calls/frame.ts';
import { byHand, codecs, frame, listening } from './stage.ts';

const options = { id: 7, request: json<string>(), response: json<string>() };

/** Two nodes with a service, and what peers are reported for. */
function texts() {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const open = (node: number) => calls(net.node(node).router, options);
  const [client, server] = [open(0), open(1)];
  const reports = (): unknown[] =>
    net.log.filter(({ event }) => event.type === 'peer-reported').map(({ event }) => event);
  net.start();
  return { net, open, client, server, to: net.node(1).id, reports, ...listening(net) };
}

describe('a service that is closed and opened again', () => {
  it.each([0, 1, 4])('gets no answer to a call of before, opened after %d ms', (gapMs) => {
    const { net, open, client, server, to, heard, observer, reports } = texts();
    server.serve(({ request }) => `answer to ${request}`);
    client.call(to, 'A').subscribe({ error: () => undefined });
    net.advance(5);
    client.close();
    net.advance(gapMs);
    const next = open(0);
    next.call(to, 'B').subscribe(observer);
    net.advance(100);
    expect(heard).toEqual([`${15 + gapMs}: answer to B`, `${15 + gapMs}: |`]);
    expect([next.snapshot().dropped, reports()]).toEqual([1, []]);
    net.stop();
  });

  it('may call while a call of before runs there, which ends', () => {
    const { net, open, client, server, to, reports } = texts();
    const aborted: string[] = [];
    server.serve(({ request, signal }) => {
      signal.addEventListener('abort', () => aborted.push(request));
      return new Promise<string>(() => undefined);
    });
    client.call(to, 'A').subscribe({ error: () => undefined });
    net.advance(50);
    client.close();
    open(0)
      .call(to, 'B')
      .subscribe({ error: () => undefined });
    net.advance(100);
    // The promise of A's handler keeps its place.
    expect([aborted, server.snapshot().serving, reports()]).toEqual([['A'], 2, []]);
    net.stop();
  });

  it('does not take the credit of a peer that has closed it for an open channel', () => {
    const { net, open, client, server, to, heard, observer } = texts();
    client.close();
    server.close();
    net.advance(50);
    open(0).call(to, 'A').subscribe(observer);
    net.advance(50);
    expect(heard).toEqual(['50: RXMESH_PEER_DOWN']);
    net.stop();
  });

  it('does not go on with a call that was on its way to it, and has failed', () => {
    const { net, open, client, server, to, heard, observer } = texts();
    const ended: string[] = [];
    const serve = (service: typeof server): void => {
      service.serve(({ request, signal }) => {
        signal.addEventListener('abort', () => ended.push(request));
        return new Promise<string>(() => undefined);
      });
    };
    serve(server);
    client.call(to, 'A').subscribe(observer);
    server.close();
    const again = open(1);
    serve(again);
    net.advance(100);
    expect(heard).toEqual(['5: RXMESH_PEER_DOWN']);
    client.call(to, 'B').subscribe(observer);
    net.advance(100);
    expect([ended, heard.length]).toEqual([['A'], 1]);
    net.stop();
  });

  it('ends the calls up to the number that a caller names, and no others', () => {
    const { net, send, service, heard, note } = byHand();
    service.serve(({ request, signal }) => {
      signal.addEventListener('abort', () => note(request));
      return NEVER;
    });
    for (const number of [1, 5, 3]) {
      const payload = codecs.request.encode(number);
      send(frame(kinds.call, number, { payload, version: 1, credit: 1 }));
    }
    send(frame(kinds.cancel, 3, { isLast: true }));
    net.advance(5);
    expect(heard).toEqual(['5: 1', '5: 3']);
    expect(service.snapshot()).toMatchObject({ serving: 1, dropped: 0 });
    net.stop();
  });

  it('ends the calls to it', () => {
    const { net, open, client, server, to, heard, observer } = texts();
    server.serve(() => new Promise<string>(() => undefined));
    client.call(to, 'A').subscribe(observer);
    net.advance(50);
    server.close();
    open(1).serve(({ request }) => `answer to ${request}`);
    net.advance(50);
    client.call(to, 'B').subscribe(observer);
    net.advance(50);
    expect(heard).toEqual(['55: RXMESH_PEER_DOWN', '110: answer to B', '110: |']);
    net.stop();
  });
});
