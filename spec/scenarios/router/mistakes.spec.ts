import { describe, expect, it } from '@jest/globals';
import protobufjs from 'protobufjs';
import {
  block,
  createRouter,
  fifo,
  Identity,
  json,
  latest,
  limited,
  oneof,
  parseNodeAddress,
  parseNodeId,
  protobuf,
  type RouterOptions,
  wrapped,
} from '../../../lib/index.ts';
import { MemoryNetwork } from '../../../transports/memory/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { identityOf } from '../../support/mock-node.ts';

const identity = identityOf(1);
const other = identityOf(2);

const make = (options: object) => {
  const transports = [new MemoryNetwork().transport(identity.id)];
  const good: RouterOptions = { identity, network: 'demo', transports };
  return createRouter({ ...good, ...options });
};
const router = make({});
const channel = router.openChannel({ id: 9, codec: json() });
const wrong = (options: object) => webSocket(options);
const open = (options: object) => router.openChannel({ id: 1, codec: json(), ...options });

/** Written as plain JavaScript: none of these calls compiles. */
const mistakes: readonly (readonly [text: string, mistake: () => unknown])[] = [
  [
    'createRouter: identity must be an Identity, got a Promise (missing `await`?)',
    () => make({ identity: Identity.generate() }),
  ],
  [
    'createRouter: transports must have at least one transport, got an empty array',
    () => make({ transports: [] }),
  ],
  [
    'createRouter: transports[0] must be a transport, got a function',
    () => make({ transports: [webSocket] }),
  ],
  [
    'createRouter: transports must be an array of transports, such as [webSocket()], got an object',
    () => make({ transports: {} }),
  ],
  [
    'createRouter: options must be an object, got undefined',
    () => createRouter(undefined as never),
  ],
  ['createRouter: timeouts must be an object, got 5', () => make({ timeouts: 5 })],
  [
    'createRouter: limits.handshakes must be an integer from 1 to 1000000, got "8"',
    () => make({ limits: { handshakes: '8' } }),
  ],
  [
    `createRouter: peers.persistent: no transport dials "http://${other.id}@host:80"; ` +
      'the protocols are memory',
    () => make({ peers: { persistent: [`http://${other.id}@host:80`] } }),
  ],
  [
    `peers.add: no transport dials "http://${other.id}@host:80"; the protocols are memory`,
    () => router.peers.add(`http://${other.id}@host:80`),
  ],
  [
    'the address must be a text such as ws://<node ID>@host:port, got undefined',
    () => router.peers.add(undefined as never),
  ],
  [
    'openChannel: codec must be a codec, such as json(), got a function',
    () => open({ codec: json }),
  ],
  ['openChannel: inbound must be a lane, such as block(64), got 5', () => open({ inbound: 5 })],
  [
    'openChannel: there is no option inbond (did you mean inbound?)',
    () => open({ inbond: block(1) }),
  ],
  [
    'createRouter: there is no option discipine (did you mean discipline?)',
    () => make({ discipine: fifo }),
  ],
  [
    'createRouter: there is no option maxConnected (did you mean peers.maxConnected?)',
    () => make({ maxConnected: 8 }),
  ],
  [
    'createRouter: there is no option timeouts.handshake (did you mean timeouts.handshakeMs?)',
    () => make({ timeouts: { handshake: 8 } }),
  ],
  ['createRouter: there is no option colour', () => make({ colour: 'red' })],
  [
    'block: capacity must be an integer from 1 to 1048576 (messages), got "64"',
    () => block('64' as never),
  ],
  ['latest: bounds must be an object, got 64', () => latest(64 as never)],
  [
    'send: the envelope must be { to, message } or { broadcast: true, message }, got undefined',
    () => channel.send(undefined as never),
  ],
  [
    'out.next: the envelope must be { to, message } or { broadcast: true, message }, got "hello"',
    () => channel.out.next('hello' as never),
  ],
  [
    "reports.next: severity must be 'note' or 'penalize' or 'disconnect' or 'ban', got \"kill\"",
    () => channel.reports.next({ peer: other.id, severity: 'kill', reason: '' } as never),
  ],
  [
    'reports.next: peer must be a node ID, got "ws://host"',
    () => channel.reports.next({ peer: 'ws://host', severity: 'ban', reason: '' } as never),
  ],
  [
    'reports.next: the report must be { peer, severity, reason }, got undefined',
    () => channel.reports.next(undefined as never),
  ],
  [
    'protobuf: type must be a message type (a class by pbjs, or root.lookupType(...)), ' +
      'got undefined',
    () => protobuf(undefined as never),
  ],
  [
    'protobuf: type must be a message type (a class by pbjs, or root.lookupType(...)), got a Root',
    () => protobuf(new protobufjs.Root() as never),
  ],
  [
    'protobuf: verify must be true or false, got "yes"',
    () => protobuf(new protobufjs.Type('A'), { verify: 'yes' } as never),
  ],
  [
    'oneof: kinds must be an object such as { move: Move }, got undefined',
    () => oneof(new protobufjs.Type('A'), undefined as never),
  ],
  ['json: options must be an object, got a function', () => json((() => 1) as never)],
  [
    'limited: codec must be an object with a method encode, got undefined',
    () => limited(undefined as never, { messageBytesMax: 1 }),
  ],
  ['wrapped: wrapper.wrap must be a function, got undefined', () => wrapped(json(), {} as never)],
  ['webSocket: listen must be an object, got 4000', () => webSocket({ listen: 4000 } as never)],
  [
    'webSocket: listen.port must be an integer from 0 to 65535, got "4000"',
    () => webSocket({ listen: { port: '4000' } } as never),
  ],
  [
    'transport: id must be a node ID, got undefined',
    () => new MemoryNetwork().transport(undefined as never),
  ],
  [
    'MemoryNetwork: latencyMs must be a number or a function, got "5"',
    () => new MemoryNetwork({ latencyMs: '5' } as never),
  ],
  ['webSocket: there is no option port (did you mean listen.port?)', () => wrong({ port: 1 })],
  [
    'webSocket: there is no option listen.prot (did you mean listen.port?)',
    () => wrong({ listen: { prot: 1 } }),
  ],
  ['a node ID must be 40 hex digits, got "ws://host"', () => parseNodeId('ws://host')],
  [
    `a node ID must be 40 hex digits, got "ws://${other.id}@host:4000"` +
      ', which is an address: use parseNodeAddress(address).id',
    () => router.isUp(`ws://${other.id}@host:4000` as never),
  ],
  [
    `a node ID must be 40 hex digits, got "memory:${other.id}"` +
      ', which is an address: use parseNodeAddress(address).id',
    () => router.peers.ban({ id: `memory:${other.id}` as never }),
  ],
  [
    'a node ID must be 40 hex digits, got an object: use its id',
    () => router.isUp(parseNodeAddress(`ws://${other.id}@host`) as never),
  ],
  ['a node ID must be 40 hex digits, got undefined', () => router.isUp(undefined as never)],
  [
    `reports.next: peer must be a node ID, got "${other.id}@host"` +
      ', which is an address: use parseNodeAddress(address).id',
    () => channel.reports.next({ peer: `${other.id}@host`, severity: 'ban' } as never),
  ],
  [
    `createRouter: peers.unconditional has "ws://${other.id}@host", not a node ID` +
      ', which is an address: use parseNodeAddress(address).id',
    () => make({ peers: { unconditional: [`ws://${other.id}@host`] } }),
  ],
  [
    `address "${other.id}" is a node ID, without a place: ` +
      'an address is like ws://<node ID>@host:port',
    () => router.peers.add(other.id),
  ],
  [
    `createRouter: peers.persistent: address "${other.id}" is a node ID, without a place: ` +
      'an address is like ws://<node ID>@host:port',
    () => make({ peers: { persistent: [other.id] } }),
  ],
];

describe('common mistakes are rejected immediately, and the error quotes the value', () => {
  it.each(mistakes)('%s', (text, mistake) => {
    expect(mistake).toThrow(new Error(text));
  });
});
