import { isClock, systemClock, timerMaxMs, type Clock } from '../flow/clock.ts';
import { platformCrypto } from '#platform/crypto';
import { formatNodeAddress, type NodeAddress } from '../model/address.ts';
import { mustBe } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';
import { type NodeId, uncheckedNodeId } from '../model/node-id.ts';
import { type Identity, isIdentity } from '../model/identity.ts';
import { quote } from '../model/quote.ts';
import { unknownOptions } from '../model/unknown-options.ts';
import { checkPeerOptions, peerOptionNames, type PeerOptions } from '../peers/options.ts';
import { fair, type Discipline } from '../session/discipline.ts';
import { stallMsDefault } from '../channel/channels.ts';
import { decodeFailuresPerSecondDefault } from '../channel/decode-failures.ts';
import { keepAliveDefaults, keepAliveFrom, type KeepAliveSettings } from '../session/keep-alive.ts';
import {
  type Connection,
  isTransport,
  isTransports,
  type Transport,
} from '../transport/transport.ts';
import type { Admission } from '../../operators/admit.ts';
import type { NodeInfo } from '../model/node-info.ts';

/** A connection as the hook `admit.connection` sees it. */
export type ConnectionToAdmit = Pick<Connection, 'direction' | 'remote'>;

/** A peer as the hook `admit.peer` sees it: it has proved its ID. */
export interface PeerToAdmit extends ConnectionToAdmit {
  readonly id: NodeId;
  /** What the peer says about itself. */
  readonly nodeInfo: NodeInfo;
}

/**
 * Hooks that decide who is let in. Each returns `true`, or `false` or a reason, or a promise or an
 * Observable of that; see the operator `admit`.
 *
 *     const admit: AdmitHooks = {
 *       connection: ({ remote }) => remote.ip !== '203.0.113.7',
 *       peer: ({ nodeInfo }) => nodeInfo.moniker.startsWith('shop-') || 'shops only',
 *     };
 */
export interface AdmitHooks {
  /** Before the handshake, at the cost of a connection. A refused one is closed without a word. */
  readonly connection?: Admission<ConnectionToAdmit>;
  /** After the handshake. A refused peer is sent the reason. */
  readonly peer?: Admission<PeerToAdmit>;
  /** How long a decision may take, in milliseconds; 0: no limit. Default 5,000. */
  readonly timeoutMs?: number;
}

/** What `createRouter` takes. Times are in milliseconds; 0 means no limit. */
export interface RouterOptions {
  /** Who this node is. */
  readonly identity: Identity;
  /** Name of the network; nodes of different networks do not connect. ASCII, at most 256 bytes. */
  readonly network: string;
  /** The ways to reach other nodes; the first one that knows an address's protocol dials it. */
  readonly transports: readonly Transport[];
  /** Which peers to look for, and how many. See `PeerOptions`. */
  readonly peers?: PeerOptions;
  /** A name for people. Default: the first 8 characters of the node ID. */
  readonly moniker?: string;
  /** Version of the application's software. Default: empty. */
  readonly version?: string;
  /** Nodes with different block versions do not connect. Default `{ block: 0, app: 0 }`. */
  readonly protocolVersion?: { readonly block: number; readonly app: number };
  readonly timeouts?: {
    /** Resolving an address. Default 5,000. */
    readonly resolveMs?: number;
    /** Dialing one endpoint of an address. Default 5,000. */
    readonly dialMs?: number;
    /** The handshake, and then again the peer's acceptance. Default 10,000. */
    readonly handshakeMs?: number;
    /** What `stop` waits for lanes to empty. 0: it does not wait. Default 1,000. */
    readonly drainMs?: number;
    /**
     * A lane in which messages wait, and that none has left for so long, is told as stalled.
     * Default 10,000.
     */
    readonly stallMs?: number;
  };
  readonly limits?: {
    /**
     * Inbound handshakes at a time, and as many proven peers that have not accepted yet. One more
     * takes the place of one that has taken 500 ms or longer, or is closed at once. Default 64.
     */
    readonly handshakes?: number;
    /** Of these, those with one IP address, or one /64 of IPv6. Default 8. */
    readonly handshakesPerHost?: number;
    /**
     * Inbound connections a second, and as many at once after a pause; one more is closed at once,
     * with `RXMESH_TOO_MANY_CONNECTIONS`. Default 64.
     */
    readonly connectionsPerSecond?: number;
    /**
     * Of these, those of one IP address, or one /64 of IPv6, so that nobody keeps the others out.
     * Default: half of `connectionsPerSecond`, 32.
     */
    readonly connectionsPerSecondPerHost?: number;
    /**
     * How many messages of one peer may fail to decode a second, and at once after a pause. Nothing
     * more is decoded after one too many, and the connection ends. Default 100.
     */
    readonly decodeFailuresPerSecond?: number;
  };
  /**
   * Makes, for each connection, what chooses the channel that writes next, when several have
   * something to send: `fair`, `priority`, `fifo`, or a function of your own. Default `fair`.
   */
  readonly discipline?: () => Discipline;
  /**
   * Pings, and peers that are dead without a word. A session is pinged every `intervalMs`, by
   * default 10,000; 0 turns it off. One from which nothing has arrived for `timeoutMs`, by default
   * 30,000, or no pong for four times as long, ends with `RXMESH_PEER_TIMEOUT`; that is counted in
   * whole intervals, and not less than one.
   */
  readonly keepAlive?: Partial<KeepAliveSettings>;
  /** Decides which connections and peers are let in. Default: all, within the limits. */
  readonly admit?: AdmitHooks;
  /** Where time comes from. Default: the system's clock. */
  readonly clock?: Clock;
  /**
   * A number from 0 up to, not including, 1, for jitter. Default: from the platform's randomness.
   */
  readonly random?: () => number;
}

/** Options that are groups of numbers, each with a default. */
type Groups = 'timeouts' | 'limits' | 'keepAlive' | 'admit';

/** `RouterOptions` with nothing left out. */
export interface RouterSettings extends Required<Omit<RouterOptions, Groups>> {
  readonly timeouts: Required<NonNullable<RouterOptions['timeouts']>>;
  readonly limits: Required<NonNullable<RouterOptions['limits']>>;
  readonly keepAlive: KeepAliveSettings;
  readonly admit: AdmitHooks;
}

const timeoutDefaults = {
  resolveMs: 5_000,
  dialMs: 5_000,
  handshakeMs: 10_000,
  drainMs: 1_000,
  stallMs: stallMsDefault,
};
const limitDefaults = {
  handshakes: 64,
  handshakesPerHost: 8,
  connectionsPerSecond: 64,
  decodeFailuresPerSecond: decodeFailuresPerSecondDefault,
};
const limitNames = [...Object.keys(limitDefaults), 'connectionsPerSecondPerHost'];

/**
 * The options with their defaults.
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`: one error that names every wrong option
 */
export function checkedOptions(options: RouterOptions): RouterSettings {
  const wrong = faultsOf(options);
  if (wrong.length > 0) {
    throw new RxmeshError('RXMESH_OPTIONS_INVALID', `createRouter: ${wrong.join('; ')}`);
  }
  return {
    peers: {},
    moniker: options.identity.id.slice(0, 8),
    version: '',
    discipline: fair,
    random: platformRandom,
    ...given(options),
    // Once for all that it is given to.
    clock: options.clock ?? systemClock,
    protocolVersion: { block: 0, app: 0, ...options.protocolVersion },
    timeouts: { ...timeoutDefaults, ...options.timeouts },
    limits: limitsFrom(options.limits),
    keepAlive: keepAliveFrom(options.keepAlive),
    admit: options.admit ?? {},
  };
}

function limitsFrom(given: RouterOptions['limits']): RouterSettings['limits'] {
  const limits = { ...limitDefaults, ...given };
  return { connectionsPerSecondPerHost: Math.ceil(limits.connectionsPerSecond / 2), ...limits };
}

/** Without what is there and undefined, as from JavaScript: that is left to the default. */
function given(options: RouterOptions): RouterOptions {
  const entries = Object.entries(options).filter(
    ([, value]: [string, unknown]) => value !== undefined,
  );
  return Object.fromEntries(entries) as unknown as RouterOptions;
}

type Given = Readonly<Record<string, unknown>>;

const names = [
  ...['identity', 'network', 'transports', 'peers', 'moniker', 'version', 'protocolVersion'],
  ...['timeouts', 'limits', 'discipline', 'keepAlive', 'admit', 'clock', 'random'],
];

/**
 * What is wrong with options; the caller may be plain JavaScript, so nothing is taken for granted.
 */
function faultsOf(options: RouterOptions): readonly string[] {
  if (!isRecord(options)) return [mustBe('options', 'an object', options)];
  const given: Given = options;
  const faults: string[] = [...unknownOptions(given, names)];
  const check = (name: string, what: string, accepts: (value: unknown) => boolean): void => {
    if (!accepts(given[name])) faults.push(mustBe(name, what, given[name]));
  };
  /** The same for an option that may be left out. */
  const checkGiven: typeof check = (name, what, accepts) => {
    if (given[name] !== undefined) check(name, what, accepts);
  };

  check('identity', 'an Identity', isIdentity);
  check('network', aName, (value) => value !== '' && isText(value));
  faults.push(...transportFaults(given['transports']));
  checkGiven('moniker', aName, (value) => value !== '' && isText(value));
  checkGiven('version', aText, isText);
  checkGiven('discipline', 'a function, such as fair', isFunction);
  checkGiven('clock', 'an object with the functions now, schedule and afterTurn', isClock);
  checkGiven('random', 'a function', isFunction);
  const { protocolVersion = {}, timeouts = {}, limits = {}, keepAlive = {}, peers = {} } = given;
  faults.push(
    ...numberFaults('protocolVersion', protocolVersion, ['block', 'app'], 0, 2 ** 53 - 1),
    ...numberFaults('timeouts', timeouts, Object.keys(timeoutDefaults), 0, timerMaxMs),
    ...numberFaults('limits', limits, limitNames, 1, 1_000_000),
    ...keepAliveFaults(keepAlive),
    ...admitFaults(given['admit'] ?? {}),
    ...peerFaults(peers, given),
  );
  return faults;
}

const aText = 'printable ASCII, at most 256 characters, not all spaces';
const aName = `${aText} and not empty`;

/** What is wrong with `admit`. */
function admitFaults(given: unknown): readonly string[] {
  if (!isRecord(given)) return [mustBe('admit', 'an object', given)];
  const { connection, peer, timeoutMs } = given;
  const faults = [...unknownOptions(given, ['connection', 'peer', 'timeoutMs'], 'admit')];
  for (const [name, hook] of Object.entries({ connection, peer })) {
    if (hook === undefined || isFunction(hook)) continue;
    faults.push(mustBe(`admit.${name}`, 'a function', hook));
  }
  if (timeoutMs === undefined) return faults;
  return [...faults, ...numberFaults('admit', { timeoutMs }, ['timeoutMs'], 0, timerMaxMs)];
}

function transportFaults(given: unknown): readonly string[] {
  if (!Array.isArray(given)) {
    return [mustBe('transports', 'an array of transports, such as [webSocket()]', given)];
  }
  if (given.length === 0)
    return ['transports must have at least one transport, got an empty array'];
  return given.flatMap((each: unknown, i) => {
    return isTransport(each) ? [] : [mustBe(`transports[${i}]`, 'a transport', each)];
  });
}

/** What is wrong with `peers`, on their own and beside the identity and the transports. */
function peerFaults(peers: unknown, { identity, transports }: Given): readonly string[] {
  if (!isRecord(peers)) return [mustBe('peers', 'an object', peers)];
  const faults: string[] = [...unknownOptions(peers, peerOptionNames, 'peers')];
  const { persistent, addresses } = checkPeerOptions(idOf(identity), peers, faults);
  if (!isTransports(transports)) return faults;
  for (const [name, list] of Object.entries({ persistent, addresses })) {
    for (const address of list) {
      const fault = protocolFault(address, transports);
      if (fault !== undefined) faults.push(`peers.${name}: ${fault}`);
    }
  }
  return faults;
}

/** Why none of the transports can dial this address; `undefined` if one can. */
export function protocolFault(
  address: NodeAddress,
  transports: readonly Pick<Transport, 'protocols'>[],
): string | undefined {
  const known = transports.flatMap(protocolsOf);
  // A transport whose `protocols` throws is asked again by the router, which reports that.
  if (known.includes(address.protocol) || known.includes(undefined)) return undefined;
  const text = formatNodeAddress(address);
  return `no transport dials ${quote(text)}; the protocols are ${known.join(', ')}`;
}

function protocolsOf(transport: Pick<Transport, 'protocols'>): readonly (string | undefined)[] {
  try {
    return transport.protocols;
  } catch {
    return [undefined];
  }
}

/** The ID that peers' addresses are checked against; nobody's, if the identity is none. */
function idOf(identity: unknown): NodeId {
  return isIdentity(identity) ? identity.id : uncheckedNodeId('0'.repeat(40));
}

/** What is wrong with a group of numbers. */
function numberFaults(
  group: string,
  given: unknown,
  known: readonly string[],
  min: number,
  max: number,
): readonly string[] {
  if (!isRecord(given)) return [mustBe(group, 'an object', given)];
  const wrong = Object.entries(given).flatMap(([name, value]) => {
    if (!known.includes(name)) return [];
    const good = Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
    return good ? [] : [mustBe(`${group}.${name}`, `an integer from ${min} to ${max}`, value)];
  });
  return [...unknownOptions(given, known, group), ...wrong];
}

/** What is wrong with `keepAlive`: its numbers, else how they stand to each other. */
function keepAliveFaults(given: unknown): readonly string[] {
  const faults = numberFaults('keepAlive', given, Object.keys(keepAliveDefaults), 0, timerMaxMs);
  if (faults.length > 0) return faults;
  const { intervalMs = keepAliveDefaults.intervalMs, timeoutMs = intervalMs } =
    given as Partial<KeepAliveSettings>;
  if (timeoutMs >= intervalMs) return [];
  return [mustBe('keepAlive.timeoutMs', `at least intervalMs (${intervalMs})`, timeoutMs)];
}

function isRecord(value: unknown): value is Given {
  return typeof value === 'object' && value !== null;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && /^(?! +$)[ -~]{0,256}$/.test(value);
}

/** A number from 0 up to 1, of 32 random bits. */
function platformRandom(): number {
  const bytes = platformCrypto.randomBytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
}
