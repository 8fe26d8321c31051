import { describe, expect, it } from '@jest/globals';
import { isNodeId, parseNodeAddress, parseNodeId, RxmeshError } from 'rxmesh';
import type {
  Channel,
  Identity,
  InboundEnvelope,
  NodeAddress,
  NodeId,
  PeerManager,
  PeerReport,
  PeerUpdate,
  Router,
  RouterEvent,
} from 'rxmesh';
import type { MemoryNetwork } from 'rxmesh/transports/memory';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import type { Same } from '../codec/messages.ts';

// What follows is for the compiler: a text that was not checked is not a node ID. It is not called.

/** What is in scope of the calls; `text` may be an address, a name, or anything else. */
interface Scope {
  readonly id: NodeId;
  readonly text: string;
  readonly router: Router;
  readonly channel: Channel<string>;
  readonly manager: PeerManager;
  readonly network: MemoryNetwork;
}

function accepted({ id, text, router, channel, manager, network }: Scope): void {
  channel.out.next({ to: id, message: 'a' });
  channel.send({ broadcast: true, except: [id, router.id], message: 'a' });
  channel.out.next({ to: parseNodeId(text), message: 'a' });
  channel.out.next({ to: parseNodeAddress(text).id, message: 'a' });
  if (isNodeId(text)) {
    channel.out.next({ to: text, message: 'a' });
    channel.out.next({ broadcast: true, except: text, message: 'a' });
    channel.reports.next({ peer: text, severity: 'note', reason: '' });
    router.peers.ban({ id: text, forMs: 1 });
    router.peers.unban({ id: text });
  }
  router.peers.add({ protocol: 'ws', id, host: 'host' });
  manager.status(id);
  network.sever(id, router.id);
  new RxmeshError('RXMESH_PEER_EVICTED', '', { peer: id });

  // It is a string as well, wherever one is wanted.
  router.peers.add(`ws://${id}@host:4000`);
  new Map<string, number>().get(id);
}

function refused({ id, text, router, channel, manager, network }: Scope): void {
  // @ts-expect-error an address is no ID
  channel.out.next({ to: `ws://${id}@host:4000`, message: 'a' });
  // @ts-expect-error nor is any other text
  channel.out.next({ to: text, message: 'a' });
  // @ts-expect-error nor is one that looks like an ID, until it is checked
  channel.send({ to: '045f5600654182cfeaccfe6cb19f0642e8a59898', message: 'a' });
  // @ts-expect-error nor is what was made from an ID
  channel.send({ to: id.toUpperCase(), message: 'a' });
  // @ts-expect-error nor is one that the check refused
  if (!isNodeId(text)) channel.send({ to: text, message: 'a' });
  // @ts-expect-error no text is left out of a broadcast
  channel.out.next({ broadcast: true, except: text, message: 'a' });
  // @ts-expect-error nor is one of several
  channel.send({ broadcast: true, except: [id, text], message: 'a' });
  // @ts-expect-error no text is reported
  channel.reports.next({ peer: text, severity: 'note', reason: '' });
  // @ts-expect-error no text is banned
  router.peers.ban({ id: text });
  // @ts-expect-error nor is an address
  router.peers.ban({ id: `ws://${id}@host:4000`, forMs: 1 });
  // @ts-expect-error no ban of a text ends
  router.peers.unban({ id: text });
  // @ts-expect-error an address in parts has an ID
  router.peers.add({ protocol: 'ws', id: text, host: 'host' });
  // @ts-expect-error a manager knows peers by their IDs
  manager.status(text);
  // @ts-expect-error so does a network in memory
  network.sever(text, id);
  // @ts-expect-error and each island of it
  network.partition([id], [text]);
  // @ts-expect-error an error is about a peer
  new RxmeshError('RXMESH_PEER_EVICTED', '', { peer: text });
  // @ts-expect-error a name is not looked up among IDs
  new Map<NodeId, number>().get(text);
}

describe('a node ID', () => {
  const text = '045f5600654182cfeaccfe6cb19f0642e8a59898';

  it('is a text that was checked, as the compiler has seen', () => {
    const isString: Same<NodeId, string> = false;
    const seen = [accepted, refused];
    expect([isString, seen.length]).toEqual([false, 2]);
  });

  it('comes typed from all that names a node', () => {
    type Down = Extract<RouterEvent, { type: 'peer-down' }>;
    const typed: readonly true[] = [
      true satisfies Same<Router['id'], NodeId>,
      true satisfies Same<Identity['id'], NodeId>,
      true satisfies Same<InboundEnvelope<string>['from'], NodeId>,
      true satisfies Same<NodeAddress['id'], NodeId>,
      true satisfies Same<PeerUpdate['id'], NodeId>,
      true satisfies Same<PeerReport['peer'], NodeId>,
      true satisfies Same<Down['peer'], NodeId>,
      true satisfies Same<NonNullable<RxmeshError['peer']>, NodeId>,
      true satisfies Same<ReturnType<typeof parseNodeId>, NodeId>,
    ];
    expect(typed).toHaveLength(9);
  });

  it('is a plain string at run time', () => {
    const id = parseNodeId(text);
    expect(id).toBe(text);
    expect(JSON.stringify({ id })).toBe(`{"id":"${text}"}`);
    expect(new Map([[id, 1]]).get(parseNodeId(text.toUpperCase()))).toBe(1);
  });

  it.each([text, '', 'ann', `ws://${text}@host:4000`])(
    'unchecked, is the text itself: %j',
    (each) => {
      expect(uncheckedNodeId(each)).toBe(each);
    },
  );
});
