import type { Observable } from 'rxjs';
import { type Endpoint, formatEndpoint, validateEndpoint } from '../../model/endpoint.ts';
import { RxmeshError } from '../../model/error.ts';
import type { Connection } from '../../transport/transport.ts';
import { check, checkSame } from './check.ts';
import type { TransportNode } from './setup.ts';
import type { Scenario } from './scenario.ts';
import { Listening, type Stage } from './stage.ts';

/** Requirements for listening and dialing. */
export const dialingScenarios: readonly Scenario[] = [
  {
    name: 'T-01 closing ends incoming$, and incoming$ of a closed transport completes at once',
    play: async (stage) => {
      const listening = await stage.listen(stage.a);
      stage.a.transport.close();
      checkSame(listening.outcome, 'completed', 'incoming$ of a transport that was closed');
      const late = new Listening(stage.a);
      checkSame(late.outcome, 'completed', 'incoming$ that is subscribed after the close');
      stage.a.transport.close();
    },
  },
  {
    name: 'T-02 a transport can dial itself, and close the connection',
    play: async (stage) => {
      if (!stage.dialsItself) {
        await stage.listen(stage.a);
        await checkRefused(stage, stage.endpoint(stage.a), ['RXMESH_SELF_CONNECTION']);
        return;
      }
      const { outbound, inbound } = await stage.connect(stage.a, stage.a);
      outbound.close();
      outbound.close();
      await checkDead(stage, inbound.handshake(stage.self(stage.a)));
    },
  },
  {
    name: 'T-03 dialing an endpoint that is empty, has no protocol, or an unknown one fails',
    play: async (stage) => {
      await stage.listen(stage.b);
      const endpoint = stage.endpoint(stage.b);
      await checkRefused(stage, { protocol: '' });
      await checkRefused(stage, { ...endpoint, protocol: '' });
      await checkRefused(stage, { ...endpoint, protocol: 'unknown' });
    },
  },
  {
    name: 'T-04 dials unspecified IPs; fails without IP, for many machines, and for a malformed IP',
    applies: (networked) => networked,
    play: dialNetworked,
  },
  {
    name: 'T-05 dialing without a path fails',
    applies: (networked) => !networked,
    play: async (stage) => {
      await stage.listen(stage.b);
      const { protocol } = stage.endpoint(stage.b);
      await checkRefused(stage, { protocol });
      await checkRefused(stage, { protocol, path: '' });
    },
  },
  {
    name: 'T-06 a dial that is cancelled emits nothing, and leaves no connection',
    play: async (stage) => {
      const listening = await stage.listen(stage.b);
      let heard = 0;
      const count = (): void => {
        heard += 1;
      };
      let own: Connection | undefined;
      const dial = stage.a.transport.dial(stage.endpoint(stage.b)).subscribe({
        next: (connection) => {
          own = connection;
        },
        error: count,
        complete: count,
      });
      dial.unsubscribe();
      // A transport that dials synchronously has finished before it can be cancelled.
      own?.close();
      const before = heard;
      await stage.pass(50);
      checkSame(heard, before, 'what a cancelled dial notifies');
      for (const connection of listening.connections) {
        await checkDead(stage, connection.handshake(stage.self(stage.b)));
      }
    },
  },
  {
    name: 'T-07 dialing a transport that was closed fails',
    play: async (stage) => {
      await stage.listen(stage.b);
      const endpoint = stage.endpoint(stage.b);
      stage.b.transport.close();
      await checkRefused(stage, endpoint, ['RXMESH_DIAL_FAILED']);
    },
  },
  {
    name: 'T-08 a closed transport can still dial',
    play: async (stage) => {
      stage.a.transport.close();
      const { outbound, inbound } = await stage.connect();
      await stage.handshake(outbound, inbound);
    },
  },
  {
    name: 'T-09 lists valid, different endpoints while it listens, and none before and after',
    play: listEndpoints,
  },
  {
    name: 'T-10 its protocols cover its endpoints',
    play: async (stage) => {
      await stage.listen(stage.a);
      const { protocols, endpoints } = stage.a.transport;
      check(protocols.length > 0, 'a transport should have a protocol');
      for (const { protocol } of endpoints) {
        check(protocols.includes(protocol), `${protocol} should be one of [${protocols.join()}]`);
      }
    },
  },
  {
    name: 'T-11 transport, connection and link print as text',
    play: async (stage) => {
      const { outbound, inbound } = await stage.connect();
      const [end] = await stage.handshake(outbound, inbound);
      for (const thing of [stage.a.transport, outbound, inbound, end.link]) {
        const text = thing.toString();
        check(text !== '' && !text.startsWith('[object'), `"${text}" should be a text for people`);
      }
    },
  },
  {
    name: 'T-12 a connection that is closed with a reason tells it to the side that dialed',
    play: async (stage) => {
      const { outbound, inbound } = await stage.connect();
      inbound.close(`closed for today ${'.'.repeat(200)}\n`);
      inbound.close('too late');
      const handshake = outbound.handshake(stage.self(stage.a));
      const outcome = await stage.outcome(handshake, 'the handshake of a refused connection');
      check(outcome !== 'empty' && 'error' in outcome, 'the handshake should fail');
      const { error } = outcome;
      check(error instanceof RxmeshError, 'it should fail with an RxmeshError');
      checkSame(error.code, 'RXMESH_PEER_REFUSED', 'the code of the error');
      check(error.message.includes('closed for today ...'), 'the message should have the reason');
      check(!error.message.includes('.'.repeat(101)), 'only 100 characters should be sent');
    },
  },
  {
    name: 'TC-03 it listens again after unsubscribing, and for one subscriber at a time',
    play: async (stage) => {
      const first = await stage.listen(stage.b);
      const second = new Listening(stage.b);
      check(
        typeof second.outcome === 'object',
        'a second subscriber of incoming$ should get an error',
      );
      checkSame(first.outcome, 'listening', 'incoming$ after a second subscriber came');
      first.subscription.unsubscribe();
      checkSame(stage.b.transport.endpoints, [], 'endpoints after unsubscribing');
      const again = await stage.listen(stage.b);
      await stage.connect(stage.a, stage.b, again);
    },
  },
];

async function dialNetworked(stage: Stage): Promise<void> {
  const listening = await stage.listen(stage.b);
  const endpoint = stage.endpoint(stage.b);
  const { ip = '', port = 0, protocol } = endpoint;
  // What is bound to all IPv6 addresses accepts IPv4 as well; otherwise only its own family.
  const unspecified = ip === '::' ? ['0.0.0.0', '::'] : [ip.includes(':') ? '::' : '0.0.0.0'];
  for (const any of unspecified) {
    const known = listening.connections.length;
    const dial = stage.a.transport.dial({ ...endpoint, ip: any });
    (await stage.value(dial, `dialing ${any}`)).close();
    await stage.until(() => listening.connections.length > known, `dialing ${any} should arrive`);
  }
  await checkRefused(stage, { protocol, port });
  await checkRefused(stage, { protocol, path: '/foo' });
  for (const wrong of ['', '255.255.255.255', '224.0.0.1', '127.0.1', '127.0.0.0.1']) {
    await checkRefused(stage, { ...endpoint, ip: wrong });
  }
}

async function listEndpoints(stage: Stage): Promise<void> {
  const { a, b } = stage;
  const heard: number[] = [];
  const { transport } = a;
  const subscription = transport.endpoints$.subscribe({
    next: (endpoints) => heard.push(endpoints.length),
    complete: () => heard.push(-1),
  });
  checkSame([transport.endpoints, heard], [[], [0]], 'endpoints before listening, and endpoints$');
  await Promise.all([stage.listen(a), stage.listen(b)]);
  for (const endpoint of [...a.transport.endpoints, ...b.transport.endpoints]) {
    validateEndpoint(endpoint);
    check(endpoint.port !== 0, 'a listed endpoint should have the port that was assigned');
  }
  const [ofA, ofB] = [texts(a), texts(b)];
  check(!ofA.some((text) => ofB.includes(text)), `endpoints should differ: ${ofA.join()}`);
  transport.close();
  checkSame(texts(a), [], 'endpoints after the close');
  checkSame(texts(b), ofB, 'endpoints of the other transport');
  subscription.unsubscribe();
  checkSame(heard, [0, ofA.length, 0, -1], 'what endpoints$ told (their number; -1: completion)');
}

function texts({ transport }: TransportNode): string[] {
  return transport.endpoints.map(formatEndpoint);
}

/** Checks that dialing fails with one of these error codes. */
async function checkRefused(
  stage: Stage,
  endpoint: Endpoint,
  codes: readonly string[] = ['RXMESH_DIAL_FAILED', 'RXMESH_ENDPOINT_INVALID'],
): Promise<void> {
  const what = `dialing ${JSON.stringify(endpoint)}`;
  const outcome = await stage.outcome(stage.a.transport.dial(endpoint), what);
  check(outcome !== 'empty' && 'error' in outcome, `${what} should fail`);
  const { error } = outcome;
  const code = error instanceof RxmeshError ? error.code : String(error);
  check(codes.includes(code), `${what} should fail with ${codes.join(' or ')}, not ${code}`);
}

/** Checks that a handshake fails because the other side is gone. */
export async function checkDead(stage: Stage, handshake: Observable<unknown>): Promise<void> {
  const outcome = await stage.outcome(handshake, 'the handshake on a closed connection');
  check(
    outcome !== 'empty' && 'error' in outcome,
    'a handshake on a closed connection should fail',
  );
}
