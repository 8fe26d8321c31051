import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';
import { RxmeshError } from '../../model/error.ts';
import { check, checkSame } from './check.ts';
import { checkDead } from './dialing.ts';
import type { LinkEnd } from './link-end.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Requirements for connections and links, from the handshake to the end. */
export const linkingScenarios: readonly Scenario[] = [
  {
    name: 'T-12 the handshake exchanges node infos and public keys, all of them',
    play: async (stage) => {
      const { outbound, inbound } = await stage.connect();
      const [a, b] = await stage.handshake(outbound, inbound);
      checkSame(a.link.nodeInfo, stage.self(stage.b).nodeInfo, 'the node info that the dialer got');
      checkSame(
        b.link.nodeInfo,
        stage.self(stage.a).nodeInfo,
        'the node info that the listener got',
      );
      const [keyOfA, keyOfB] = [stage.a.identity.publicKey, stage.b.identity.publicKey];
      checkSame(a.link.publicKey, keyOfB, 'the public key that the dialer got');
      checkSame(b.link.publicKey, keyOfA, 'the public key that the listener got');
    },
  },
  {
    name: 'T-12 a dialer that expects another node fails, and is not introduced',
    play: async (stage) => {
      const { outbound, inbound } = await stage.connect();
      const other = stage.a.identity.id;
      const [atDialer, atListener] = await Promise.all([
        stage.outcome(outbound.handshake(stage.self(stage.a), other), 'the handshake that dialed'),
        stage.outcome(inbound.handshake(stage.self(stage.b)), 'the handshake that listens'),
      ]);
      check(
        atListener !== 'empty' && 'error' in atListener,
        'a listener that is not expected should get no link',
      );
      check(
        atDialer !== 'empty' && 'error' in atDialer,
        'a dialer that expects another node should fail',
      );
      const { error } = atDialer;
      const code = error instanceof RxmeshError ? error.code : String(error);
      checkSame(code, 'RXMESH_IDENTITY_MISMATCH', 'the code of that failure');
    },
  },
  {
    name: 'T-13 a handshake waits for a silent peer; cancelled, it closes the connection',
    play: async (stage) => {
      const { outbound, inbound } = await stage.connect();
      let heard = 0;
      const count = (): void => {
        heard += 1;
      };
      const observer = { next: count, error: count, complete: count };
      const waiting = outbound.handshake(stage.self(stage.a)).subscribe(observer);
      await stage.pass(50);
      checkSame(heard, 0, 'what a handshake notifies while the peer is silent');
      waiting.unsubscribe();
      await checkDead(stage, inbound.handshake(stage.self(stage.b)));
      checkSame(heard, 0, 'what a cancelled handshake notifies');
    },
  },
  {
    name: 'T-14 close writes out what was sent, then ends both sides; twice is fine',
    play: async (stage) => {
      const [a, b] = await stage.link();
      const sent = numbered(3, a.link.fragmentBytesMax);
      for (const bytes of sent) a.send(0x11, bytes);
      a.link.close('done');
      a.link.close('done');
      check(a.end !== undefined, 'the side that closes should hear ended at once');
      checkSame(a.end.error, undefined, 'the error of the side that closes');
      await stage.until(() => a.link.closed, 'the link of the side that closes should be closed');
      const hasHeard = (): boolean => b.end !== undefined;
      if (stage.hearsLate) await stage.until(hasHeard, 'the other side should hear ended');
      check(hasHeard(), 'the other side should hear ended before the closing is over');
      checkArrived(b, 0x11, sent);
      check(b.end?.error !== undefined, 'the side that was closed should be told why');
      await stage.until(() => b.link.closed, 'the link of the other side should be closed');
    },
  },
  {
    name: 'T-14 closing the connection ends both sides at once',
    play: async (stage) => {
      const { outbound, inbound } = await stage.connect();
      const [a, b] = await stage.handshake(outbound, inbound);
      outbound.close();
      outbound.close();
      await stage.until(() => a.end !== undefined && b.end !== undefined, 'both sides should end');
      check(!a.link.writable && !b.link.writable, 'nothing should be writable after the end');
    },
  },
  {
    name: 'T-15 the local endpoint of one side is the remote endpoint of the other',
    play: async (stage) => {
      const { outbound, inbound } = await stage.connect();
      const text = (endpoint: Endpoint): string => formatEndpoint(endpoint);
      const dialed = stage.endpoint(stage.b);
      checkSame(outbound.remote.protocol, dialed.protocol, 'the protocol of the remote end');
      if (stage.knowsLocal) {
        checkSame(text(outbound.local), text(inbound.remote), 'the remote end of the listener');
        checkSame(text(outbound.remote), text(inbound.local), 'the remote end of the dialer');
      }
      checkSame(outbound.direction, 'outbound', 'the direction of the side that dialed');
      checkSame(inbound.direction, 'inbound', 'the direction of the side that listens');
    },
  },
  {
    name: 'T-16 delivers the same bytes on the same channel, both ways',
    play: async (stage) => {
      const [a, b] = await stage.link();
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        from.send(0x11, new Uint8Array([1, 2, 3]));
        from.send(0x22, new Uint8Array([255, 0]));
        from.link.flush();
        await stage.until(() => to.messages.length >= 2, 'two messages should arrive');
        const expected = [
          { channel: 0x11, bytes: Uint8Array.of(1, 2, 3) },
          { channel: 0x22, bytes: Uint8Array.of(255, 0) },
        ];
        checkSame(to.messages, expected, 'what arrived');
      }
    },
  },
  {
    name: 'T-17 a new link is writable, and writing does not wait',
    play: async (stage) => {
      const [a, b] = await stage.link();
      check(a.link.writable && b.link.writable, 'a link without traffic should be writable');
      a.send(0x11, new Uint8Array(0));
      a.send(0x11, new Uint8Array([7]));
      a.link.flush();
      await stage.until(() => b.messages.length === 2, 'two messages should arrive');
      checkArrived(b, 0x11, [new Uint8Array(0), new Uint8Array([7])]);
    },
  },
  {
    name: 'T-18 links outlive the transports that made them',
    play: async (stage) => {
      const [a, b] = await stage.link();
      stage.a.transport.close();
      stage.b.transport.close();
      await stage.pass(20);
      await checkTraffic(stage, a, b);
      await checkTraffic(stage, b, a);
    },
  },
  {
    name: 'T-19 after one side has closed, neither sends nor receives',
    play: async (stage) => {
      const [a, b] = await stage.link();
      b.link.close('done');
      await stage.until(() => a.end !== undefined, 'the other side should hear ended');
      check(!a.link.writable && !b.link.writable, 'nothing should be writable after the end');
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        from.link.data(0x11, new Uint8Array(1), 0, 1, true);
        from.link.flush();
        await stage.pass(20);
        checkSame(to.messages.length, 0, 'the number of messages that arrive after the end');
      }
    },
  },
  {
    name: 'T-19 a link that ends before it has a receiver says so when it gets one',
    play: async (stage) => {
      const { outbound, inbound } = await stage.connect();
      const ends = Promise.all([
        stage.value(outbound.handshake(stage.self(stage.a)), 'a handshake'),
        stage.value(inbound.handshake(stage.self(stage.b)), 'a handshake'),
      ]);
      const [a, b] = await ends;
      a.close('done');
      await stage.until(() => !b.writable, 'the other side should stop being writable');
      let ended = 0;
      const none = (): void => undefined;
      const calls = { data: none, credit: none, channelClosed: none, accepted: none, ping: none };
      const more = { messageLimit: none, pong: none, drained: none, recordEnd: none };
      b.attach({ ...calls, ...more, ended: () => (ended += 1) });
      await stage.until(() => ended > 0, 'a link that has ended should say so to a late receiver');
      checkSame(ended, 1, 'how often ended is called');
    },
  },
  {
    name: 'T-20 a link tells its state at any time',
    play: async (stage) => {
      const [{ link }] = await stage.link();
      const state = (): boolean =>
        typeof link.writable === 'boolean' &&
        typeof link.hasCredit === 'boolean' &&
        link.fragmentBytesMax > 0 &&
        link.room >= 0 &&
        link.publicKey.length === 32;
      check(state(), 'an open link should tell its state');
      link.close('done');
      check(state(), 'a link that has ended should tell its state');
    },
  },
];

async function checkTraffic(stage: Stage, from: LinkEnd, to: LinkEnd): Promise<void> {
  const known = to.messages.length;
  from.send(0x11, new Uint8Array([4, 2]));
  from.link.flush();
  await stage.until(() => to.messages.length === known + 1, 'a message should arrive');
  checkSame(
    to.messages.at(-1),
    { channel: 0x11, bytes: Uint8Array.of(4, 2) },
    'the message that arrived',
  );
}

/** Messages of `length` bytes with distinct contents. */
function numbered(count: number, length: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => new Uint8Array(length).fill(i + 1));
}

function checkArrived(end: LinkEnd, channel: number, sent: readonly Uint8Array[]): void {
  checkSame(end.messages.length, sent.length, 'the number of messages that arrived');
  for (const [i, bytes] of sent.entries()) {
    checkSame(end.messages[i], { channel, bytes }, `message ${i}`);
  }
}
