import { aClock, systemClock, timerMaxMs, type Clock } from '../flow/clock.ts';
import { platformCrypto } from '#platform/crypto';
import { formatNodeAddress, type NodeAddress } from '../model/address.ts';
import {
  aFunction,
  anInteger,
  anything,
  isObject,
  type OptionKind,
  type OptionKinds,
  optionFaults,
  required,
} from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';
import { type NodeId, uncheckedNodeId } from '../model/node-id.ts';
import { type Identity, isIdentity } from '../model/identity.ts';
import { quote } from '../model/quote.ts';
import { type OptionGroups, unknownOptions } from '../model/unknown-options.ts';
import { checkPeerOptions, peerOptionKinds, type PeerOptions } from '../peers/options.ts';
import { exchangeFaults, type ExchangeOptions } from '../exchange/options.ts';
import { fair, type Discipline } from '../session/discipline.ts';
import { stallMsDefault } from '../channel/channels.ts';
import { decodeFailuresPerSecondDefault } from '../channel/decode-failures.ts';
import { keepAliveDefaults, keepAliveFrom, type KeepAliveSettings } from '../session/keep-alive.ts';
import { withDefaults } from '../model/with-defaults.ts';
import { isTransport, isTransports, type Transport } from '../transport/transport.ts';
import { type AdmitHooks, admitHooksFaults } from './admit-hooks.ts';
import { checkAdvertise } from './own-addresses.ts';

/**
 * Options of `createRouter`. Times are in milliseconds; 0 means no limit unless stated otherwise.
 */
export interface RouterOptions {
  /** The identity of this node. */
  readonly identity: Identity;
  /**
   * The name of the network; nodes of different networks do not connect. ASCII, at most 256 bytes.
   */
  readonly network: string;
  /**
   * The ways to reach other nodes. An address is dialed by the first transport that knows its
   * protocol.
   */
  readonly transports: readonly Transport[];
  /** Which peers to connect to, and how many. See `PeerOptions`. */
  readonly peers?: PeerOptions;
  /**
   * Whether the node asks its peers for addresses of others, and answers such questions, so that
   * knowing one address is enough. Default false.
   */
  readonly peerExchange?: boolean | ExchangeOptions;
  /** A human-readable name. Default: the first 8 characters of the node ID. */
  readonly moniker?: string;
  /** The version of the application. Default: empty. */
  readonly version?: string;
  /** Nodes with different block versions do not connect. Default `{ block: 0, app: 0 }`. */
  readonly protocolVersion?: { readonly block: number; readonly app: number };
  readonly timeouts?: {
    /** How long resolving an address may take. Default 5,000. */
    readonly resolveMs?: number;
    /** How long dialing one endpoint of an address may take. Default 5,000. */
    readonly dialMs?: number;
    /** How long the handshake may take, and after it the acceptance by the peer. Default 10,000. */
    readonly handshakeMs?: number;
    /**
     * How long `stop` waits for lanes to drain, those of slow consumers included; 0 means not at
     * all. Default 1,000.
     */
    readonly drainMs?: number;
    /**
     * How long messages may wait in a lane with none leaving before it is reported as stalled, at
     * most a tenth of it later; 0 disables the reports. Default 10,000.
     */
    readonly stallMs?: number;
  };
  readonly limits?: {
    /**
     * How many inbound handshakes may run at a time, and how many proven peers may be waiting to be
     * accepted. One more takes the place of one that has taken 500 ms or longer, or is closed
     * immediately if there is none. Default 64.
     */
    readonly handshakes?: number;
    /** How many of these may come from one IP address, or one IPv6 /64. Default 8. */
    readonly handshakesPerHost?: number;
    /**
     * How many inbound connections to take per second, and in a burst after a pause. Further ones
     * are closed immediately, with `RXMESH_TOO_MANY_CONNECTIONS`. Default 64.
     */
    readonly connectionsPerSecond?: number;
    /**
     * How many of these may come from one IP address, or one IPv6 /64, so that one host cannot keep
     * others out. Default: half of `connectionsPerSecond`, 32.
     */
    readonly connectionsPerSecondPerHost?: number;
    /**
     * How many messages from one peer may fail to decode, or be too large, per second, and in a
     * burst after a pause. If a peer exceeds this, nothing more from it is decoded and its
     * connection ends. Default 100.
     */
    readonly decodeFailuresPerSecond?: number;
  };
  /**
   * Creates the discipline for a connection, which chooses the channel to write next if several
   * have something to send: `fair`, `priority`, `fifo`, or your own function. Default `fair`.
   */
  readonly discipline?: () => Discipline;
  /**
   * How dead peers are detected. Peers are pinged every `intervalMs`, by default 10,000; 0 turns
   * this off. A connection ends with `RXMESH_PEER_TIMEOUT` if nothing has arrived for `timeoutMs`,
   * by default 30,000, or no pong for four times as long. The timeout is rounded up to whole
   * intervals and must not be less than one.
   */
  readonly keepAlive?: Partial<KeepAliveSettings>;
  /** Decides which connections and peers are let in. Default: all of them, within the limits. */
  readonly admit?: AdmitHooks;
  /**
   * The addresses at which others can dial this node, with or without its ID, for a node behind a
   * proxy or with a public name: `['wss://example.com/p2p']`. At most 8; `false` advertises none.
   * Each peer gets only those that it may be able to dial. Default: where the transports listen.
   */
  readonly advertise?: readonly string[] | false;
  /** The source of time. Default: the system clock. */
  readonly clock?: Clock;
  /**
   * Returns random numbers for jitter, at least 0 and below 1. Default: random bits from the
   * platform.
   */
  readonly random?: () => number;
}

type Groups = 'peerExchange' | 'timeouts' | 'limits' | 'keepAlive' | 'admit' | 'advertise';

/** `RouterOptions` with the defaults filled in. */
export interface RouterSettings extends Required<Omit<RouterOptions, Groups>> {
  /** Undefined: no peer exchange. */
  readonly peerExchange: ExchangeOptions | undefined;
  readonly timeouts: Required<NonNullable<RouterOptions['timeouts']>>;
  readonly limits: Required<NonNullable<RouterOptions['limits']>>;
  readonly keepAlive: KeepAliveSettings;
  readonly admit: AdmitHooks;
  readonly advertise: readonly NodeAddress[] | undefined;
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

const aCount = anInteger(1, 1_000_000);
const aVersion = anInteger(0, 2 ** 53 - 1);
const aTime = anInteger(0, timerMaxMs);

const versionKinds = { block: aVersion, app: aVersion };
const timeoutKinds: OptionKinds<RouterSettings['timeouts']> = {
  resolveMs: aTime,
  dialMs: aTime,
  handshakeMs: aTime,
  drainMs: aTime,
  stallMs: aTime,
};
const limitKinds: OptionKinds<RouterSettings['limits']> = {
  handshakes: aCount,
  handshakesPerHost: aCount,
  connectionsPerSecond: aCount,
  connectionsPerSecondPerHost: aCount,
  decodeFailuresPerSecond: aCount,
};
const keepAliveKinds: OptionKinds<KeepAliveSettings> = { intervalMs: aTime, timeoutMs: aTime };

const aName: OptionKind = {
  what: '1 to 256 printable ASCII characters, and not only spaces',
  accepts: (value) => value !== '' && isText(value),
};
const aText: OptionKind = {
  what: 'at most 256 printable ASCII characters, and not only spaces',
  accepts: isText,
};

/** The kind of each option. Those of `anything` are checked one by one, inside. */
const optionKinds: OptionKinds<RouterOptions> = {
  identity: required({ what: 'an Identity', accepts: isIdentity }),
  network: required(aName),
  transports: required({
    what: 'an array of transports, such as [webSocket()]',
    accepts: Array.isArray,
  }),
  peers: anything,
  peerExchange: anything,
  moniker: aName,
  version: aText,
  protocolVersion: anything,
  timeouts: anything,
  limits: anything,
  discipline: { ...aFunction, what: 'a function, such as fair' },
  keepAlive: anything,
  admit: anything,
  advertise: anything,
  clock: { ...aClock, what: 'an object with the functions now, schedule and afterTurn' },
  random: aFunction,
};

/** Where an unknown option may belong. */
const groups: OptionGroups = {
  peers: Object.keys(peerOptionKinds),
  timeouts: Object.keys(timeoutKinds),
  limits: Object.keys(limitKinds),
  keepAlive: Object.keys(keepAliveKinds),
};

/**
 * Checks options and fills in the defaults.
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`: one error that names every wrong option
 */
export function checkedOptions(options: RouterOptions): RouterSettings {
  const wrong = faultsOf(options);
  if (wrong.length > 0) {
    throw new RxmeshError('RXMESH_OPTIONS_INVALID', `createRouter: ${wrong.join('; ')}`);
  }
  const { identity, network, transports } = options;
  return {
    identity,
    network,
    transports,
    peers: options.peers ?? {},
    moniker: options.moniker ?? identity.id.slice(0, 8),
    version: options.version ?? '',
    discipline: options.discipline ?? fair,
    random: options.random ?? platformRandom,
    // Resolved here, once for everything that uses the clock.
    clock: options.clock ?? systemClock,
    protocolVersion: withDefaults({ block: 0, app: 0 }, options.protocolVersion),
    peerExchange: exchangeFrom(options.peerExchange),
    timeouts: withDefaults(timeoutDefaults, options.timeouts),
    limits: limitsFrom(options.limits),
    keepAlive: keepAliveFrom(options.keepAlive),
    admit: options.admit ?? {},
    advertise: checkAdvertise(options.advertise, identity.id, []),
  };
}

function exchangeFrom(given: RouterOptions['peerExchange']): ExchangeOptions | undefined {
  if (given === undefined || given === false) return undefined;
  return given === true ? {} : given;
}

function limitsFrom(given: RouterOptions['limits']): RouterSettings['limits'] {
  const limits = withDefaults(limitDefaults, given);
  const perHost = given?.connectionsPerSecondPerHost ?? Math.ceil(limits.connectionsPerSecond / 2);
  return { ...limits, connectionsPerSecondPerHost: perHost };
}

/**
 * What is wrong with the options. The caller may be plain JavaScript, so their types are not
 * trusted.
 */
function faultsOf(given: unknown): readonly string[] {
  const faults = optionFaults(given, optionKinds, undefined, groups);
  if (!isObject(given)) return faults;
  const { identity, transports, advertise, peerExchange, admit } = given;
  const { protocolVersion = {}, timeouts = {}, limits = {}, keepAlive = {}, peers = {} } = given;
  const advertised: string[] = [];
  checkAdvertise(advertise, idOf(identity), advertised);
  return [
    ...faults,
    ...transportFaults(transports),
    ...advertised,
    ...optionFaults(protocolVersion, versionKinds, 'protocolVersion'),
    ...optionFaults(timeouts, timeoutKinds, 'timeouts'),
    ...optionFaults(limits, limitKinds, 'limits'),
    ...keepAliveFaults(keepAlive),
    ...exchangeFaults(peerExchange),
    ...admitHooksFaults(admit),
    ...peerFaults(peers, idOf(identity), transports),
  ];
}

function transportFaults(given: unknown): readonly string[] {
  if (!Array.isArray(given)) return [];
  if (given.length === 0) {
    return ['transports must have at least one transport, got an empty array'];
  }
  return given.flatMap((each: unknown, i) => {
    return isTransport(each) ? [] : [mustBe(`transports[${i}]`, 'a transport', each)];
  });
}

/**
 * What is wrong with `peers`, by itself and in combination with the identity and the transports.
 */
function peerFaults(peers: unknown, self: NodeId, transports: unknown): readonly string[] {
  if (!isObject(peers)) return [mustBe('peers', 'an object', peers)];
  const problems: string[] = [];
  const { persistent, addresses } = checkPeerOptions(self, peers, problems);
  const faults = [
    ...unknownOptions(peers, Object.keys(peerOptionKinds), 'peers'),
    ...problems.map((problem) => `peers.${problem}`),
  ];
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
  // If `protocols` throws, the transport gets the benefit of the doubt: the router asks it again
  // and reports the error.
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

/** The ID that peers' addresses are checked against; an unused one if the identity is invalid. */
function idOf(identity: unknown): NodeId {
  return isIdentity(identity) ? identity.id : uncheckedNodeId('0'.repeat(40));
}

/** What is wrong with `keepAlive`: its numbers or, if they are valid, their relation. */
function keepAliveFaults(given: unknown): readonly string[] {
  const faults = optionFaults(given, keepAliveKinds, 'keepAlive');
  if (faults.length > 0) return faults;
  const { intervalMs = keepAliveDefaults.intervalMs, timeoutMs = intervalMs } =
    given as Partial<KeepAliveSettings>;
  if (timeoutMs >= intervalMs) return [];
  return [mustBe('keepAlive.timeoutMs', `at least intervalMs (${intervalMs})`, timeoutMs)];
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && /^(?! +$)[ -~]{0,256}$/.test(value);
}

/** A number of at least 0 and below 1, made of 32 random bits. */
function platformRandom(): number {
  const bytes = platformCrypto.randomBytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
}
