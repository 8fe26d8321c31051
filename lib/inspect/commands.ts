import { CallError } from '../calls/index.ts';
import { type NodeId, parseNodeId, RxmeshError } from '../index.ts';
import type { InspectedRouter } from './sample.ts';

type Peers = InspectedRouter['peers'];
type Fields = Readonly<Record<string, unknown>>;

/** What each command does; the result is what the page shows. */
const commands: Readonly<Record<string, (peers: Peers, fields: Fields) => string>> = {
  dial: (peers, { address }) => {
    peers.add(text('address', address));
    return 'The address is being dialed.';
  },
  disconnect: (peers, { peer }) =>
    peers.disconnect(idOf(peer)) ? 'The peer is being disconnected.' : 'The peer is not connected.',
  ban: (peers, { peer }) => {
    peers.ban({ id: idOf(peer) });
    return 'The peer is banned.';
  },
  unban: (peers, { peer }) =>
    peers.unban({ id: idOf(peer) }) ? 'The ban is lifted.' : 'The peer was not banned.',
  'set-limits': (peers, { maxConnected }) => {
    if (typeof maxConnected !== 'number') throw refused('maxConnected must be a number');
    peers.setLimits({ maxConnected });
    return `At most ${maxConnected} peers are connected from now on.`;
  },
};

/**
 * Does what a page asks for. The page is not trusted to send what it should.
 *
 * @throws {CallError} with the text for the page
 */
export function obey(router: InspectedRouter, mayControl: boolean, given: unknown): string {
  if (!mayControl) throw refused("this inspector only shows: it needs the option allow: 'control'");
  if (typeof given !== 'object' || given === null) throw refused('a command must be an object');
  const fields: Fields = { ...given };
  const { name } = fields;
  const command =
    typeof name === 'string' && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw refused('there is no such command');
  try {
    return command(router.peers, fields);
  } catch (thrown) {
    if (thrown instanceof CallError) throw thrown;
    if (thrown instanceof RxmeshError) throw new CallError(thrown.code, thrown.message);
    throw thrown;
  }
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw refused(`${name} must be a text`);
}

function idOf(value: unknown): NodeId {
  return parseNodeId(text('peer', value));
}

function refused(why: string): CallError {
  return new CallError('refused', why);
}
