import { identity, type MonoTypeOperatorFunction } from 'rxjs';
import { admit, type Admission } from '../../operators/admit.ts';
import { type Clock, timerMaxMs } from '../flow/clock.ts';
import type { NodeAddress } from '../model/address.ts';
import { mustBe } from '../model/described.ts';
import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { NodeInfo } from '../model/node-info.ts';
import { unknownOptions } from '../model/unknown-options.ts';
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
 * Hooks that decide which connections and peers are let in. Each returns `true`, `false` or a
 * reason for refusal, or a promise or an Observable of one of these; see the operator `admit`.
 *
 *     const admit: AdmitHooks = {
 *       connection: ({ remote }) => remote.ip !== '203.0.113.7',
 *       peer: ({ nodeInfo }) => nodeInfo.moniker.startsWith('shop-') || 'shops only',
 *     };
 */
export interface AdmitHooks {
  /**
   * Runs before the handshake, so that a refusal costs only a connection. A refused connection is
   * closed without an explanation.
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
  { connection: hook, ...timeout }: AdmitHooks,
  settings: AdmitSettings<
    (error: RxmeshError, connection: Connection, dialed: NodeAddress | undefined) => void
  >,
): MonoTypeOperatorFunction<T> {
  if (hook === undefined) return identity;
  const decide: Admission<T> = (given) => {
    const { direction, remote } = connectionOf(given);
    return hook({ direction, remote });
  };
  return admit(decide, {
    ...optionsOf(settings, timeout),
    onRefused: (error, given) => {
      const dialed = 'address' in given ? given.address : undefined;
      settings.onRefused(error, connectionOf(given), dialed);
    },
  });
}

/** Asks the hook about peers that have proved their ID. */
export function admitPeers(
  { peer: hook, ...timeout }: AdmitHooks,
  settings: AdmitSettings<(error: RxmeshError, proven: Proven) => void>,
): MonoTypeOperatorFunction<Proven> {
  if (hook === undefined) return identity;
  const decide: Admission<Proven> = ({ id, link: { direction, remote, nodeInfo } }) =>
    hook({ id, nodeInfo, direction, remote });
  return admit(decide, { ...optionsOf(settings, timeout), onRefused: settings.onRefused });
}

/** What is wrong with the option `admit`. */
export function admitHooksFaults(given: unknown = {}): readonly string[] {
  if (typeof given !== 'object' || given === null) return [mustBe('admit', 'an object', given)];
  const { connection, peer, timeoutMs } = given as Partial<Record<keyof AdmitHooks, unknown>>;
  const faults = [...unknownOptions(given, ['connection', 'peer', 'timeoutMs'], 'admit')];
  for (const [name, hook] of Object.entries({ connection, peer })) {
    if (hook === undefined || typeof hook === 'function') continue;
    faults.push(mustBe(`admit.${name}`, 'a function', hook));
  }
  const isTime = Number.isInteger(timeoutMs) && Number(timeoutMs) >= 0;
  if (timeoutMs !== undefined && !(isTime && Number(timeoutMs) <= timerMaxMs)) {
    faults.push(mustBe('admit.timeoutMs', `an integer from 0 to ${timerMaxMs}`, timeoutMs));
  }
  return faults;
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
