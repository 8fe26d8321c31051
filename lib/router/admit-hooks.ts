import { identity, type MonoTypeOperatorFunction } from 'rxjs';
import {
  type AccessList,
  accessList,
  type AccessRules,
  accessRulesFaults,
} from '../../operators/access-list.ts';
import { admit, type Admission } from '../../operators/admit.ts';
import { type Clock, timerMaxMs } from '../flow/clock.ts';
import type { NodeAddress } from '../model/address.ts';
import {
  aFunction,
  anInteger,
  anything,
  isObject,
  optionFaults,
  type OptionKinds,
} from '../model/check-options.ts';
import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { NodeInfo } from '../model/node-info.ts';
import type { Attempt, Proven } from '../transport/attempt.ts';
import type { Connection } from '../transport/transport.ts';

/** A connection as seen by the hook `admit.connection`. */
export type ConnectionToAdmit = Pick<Connection, 'direction' | 'remote'>;

/** A peer as seen by the hook `admit.peer`; it has proved its ID. */
export interface PeerToAdmit extends ConnectionToAdmit {
  readonly id: NodeId;
  /** What the peer says about itself. */
  readonly nodeInfo: NodeInfo;
}

/**
 * Lists and hooks that decide which connections and peers are let in. The lists `allow` and `deny`
 * come first; see `accessList`. Each hook returns `true`, `false` or a reason for refusal, or a
 * promise or an Observable of one of these; see the operator `admit`.
 *
 *     const admit: AdmitHooks = {
 *       deny: ['203.0.113.0/24'],
 *       connection: ({ remote }) => remote.ip !== '203.0.113.7',
 *       peer: ({ nodeInfo }) => nodeInfo.moniker.startsWith('shop-') || 'shops only',
 *     };
 */
export interface AdmitHooks extends AccessRules {
  /**
   * Runs before the handshake, so that a refusal costs only a connection. The other side reads
   * only that it was refused; your reason appears in `events$`.
   */
  readonly connection?: Admission<ConnectionToAdmit>;
  /** Runs after the handshake. A refused peer is sent the reason. */
  readonly peer?: Admission<PeerToAdmit>;
  /** How long a decision may take, in milliseconds; 0 means no limit. Default 5,000. */
  readonly timeoutMs?: number;
}

/** What the router passes to its pipelines of admission. */
interface AdmitSettings<OnRefused> {
  readonly clock: Clock;
  /** The most decisions pending at a time. */
  readonly concurrency: number;
  readonly onRefused: OnRefused;
}

/** Asks the hook about connections: those that arrive, and those that this node has dialed. */
export function admitConnections<T extends Attempt | Connection>(
  hooks: AdmitHooks,
  settings: AdmitSettings<
    (error: RxmeshError, connection: Connection, dialed: NodeAddress | undefined) => void
  >,
): MonoTypeOperatorFunction<T> {
  const { connection: hook } = hooks;
  const list = listOf(hooks);
  if (hook === undefined && list === undefined) return identity;
  const decide: Admission<T> = (given) => {
    const { direction, remote } = connectionOf(given);
    const verdict = list?.connection({ remote }) ?? true;
    return verdict === true && hook !== undefined ? hook({ direction, remote }) : verdict;
  };
  return admit(decide, {
    ...optionsOf(settings, hooks),
    onRefused: (error, given) => {
      const dialed = 'address' in given ? given.address : undefined;
      settings.onRefused(error, connectionOf(given), dialed);
    },
  });
}

/** Asks the hook about peers that have proved their ID. */
export function admitPeers(
  hooks: AdmitHooks,
  settings: AdmitSettings<(error: RxmeshError, proven: Proven) => void>,
): MonoTypeOperatorFunction<Proven> {
  const { peer: hook } = hooks;
  const list = listOf(hooks);
  if (hook === undefined && list === undefined) return identity;
  const decide: Admission<Proven> = ({ id, link: { direction, remote, nodeInfo } }) => {
    const verdict = list?.peer({ id, remote }) ?? true;
    return verdict === true && hook !== undefined
      ? hook({ id, nodeInfo, direction, remote })
      : verdict;
  };
  return admit(decide, { ...optionsOf(settings, hooks), onRefused: settings.onRefused });
}

const optionKinds: OptionKinds<AdmitHooks> = {
  connection: aFunction,
  peer: aFunction,
  timeoutMs: anInteger(0, timerMaxMs),
  // `accessRulesFaults` checks these.
  allow: anything,
  deny: anything,
};

/** What is wrong with the option `admit`. */
export function admitHooksFaults(given: unknown = {}): readonly string[] {
  const faults = optionFaults(given, optionKinds, 'admit');
  return isObject(given) ? [...faults, ...accessRulesFaults(given, 'admit.')] : faults;
}

function listOf({ allow, deny }: AdmitHooks): AccessList | undefined {
  if (allow === undefined && deny === undefined) return undefined;
  return accessList({ ...(allow && { allow }), ...(deny && { deny }) });
}

function connectionOf(given: Attempt | Connection): Connection {
  return 'connection' in given ? given.connection : given;
}

function optionsOf(
  { clock, concurrency }: AdmitSettings<unknown>,
  { timeoutMs }: Pick<AdmitHooks, 'timeoutMs'>,
) {
  return { clock, concurrency, ...(timeoutMs !== undefined && { timeoutMs }) };
}
