import type { Subject } from 'rxjs';
import type { SessionEvent } from '../../operators/route.ts';
import type { Clock } from '../flow/clock.ts';
import type { NodeAddress } from '../model/address.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { RxmeshError } from '../model/error.ts';
import type { RouterEvent } from '../model/event.ts';
import { errorOfReport, type PeerReport, reportOfEnd } from '../model/peer-report.ts';
import { announcedAddresses } from '../peers/announced.ts';
import type { PeerManager } from '../peers/peer-manager.ts';
import type { Eviction } from '../peers/evictions.ts';
import type { Proven } from '../transport/attempt.ts';
import { reasonOf } from '../transport/refusal.ts';
import type { Connection } from '../transport/transport.ts';
import { SecondSelf } from './second-self.ts';

/** Where `Outcomes` passes things on. */
export interface OutcomesOptions {
  readonly peers: PeerManager;
  readonly events: Subject<RouterEvent>;
  readonly reports: Subject<PeerReport>;
  /** The protocols of the addresses that this node can dial. */
  readonly protocols: () => readonly string[];
  readonly clock: Clock;
}

/** Passes on what the router's pipelines find, to the peer manager and as events and reports. */
export class Outcomes {
  readonly #peers: PeerManager;
  readonly #events: Subject<RouterEvent>;
  readonly #reports: Subject<PeerReport>;
  readonly #protocols: () => readonly string[];
  readonly #secondSelf: SecondSelf;

  constructor({ peers, events, reports, protocols, clock }: OutcomesOptions) {
    this.#peers = peers;
    this.#events = events;
    this.#reports = reports;
    this.#protocols = protocols;
    this.#secondSelf = new SecondSelf(clock, (event) => events.next(event));
  }

  /** Claims a slot for a proven link. Throws if there is none: see `PeerManager`. */
  claim({ link, id, address }: Proven): void {
    if (address === undefined) this.#peers.accepted(id, link.remote);
    else this.#peers.dialed(address, link.remote);
  }

  /** The error if the IP of this endpoint is banned. */
  ipBan({ ip }: Endpoint): RxmeshError | undefined {
    if (ip === undefined || !this.#peers.isIpBanned(ip)) return undefined;
    return new RxmeshError('RXMESH_PEER_BANNED', `${ip} is banned`);
  }

  /**
   * Closes a connection if its IP is banned, before it costs a handshake. Returns whether it did.
   */
  refusesIp(connection: Connection): boolean {
    const error = this.ipBan(connection.remote);
    if (error === undefined) return false;
    this.#close(connection, error);
    return true;
  }

  /** A peer has come up or gone down. */
  sessionChanged(event: SessionEvent): void {
    const { id: peer, direction, remote, nodeInfo, channels } = event.session;
    if (event.type === 'up') {
      this.#events.next({ type: 'peer-up', peer, direction, remote, channels, nodeInfo });
      this.#secondSelf.up(peer);
      if (!this.#peers.ready(peer, direction, channels)) return;
      this.#peers.announced(peer, announcedAddresses(event.session, this.#protocols()));
    } else {
      const { error } = event;
      this.#events.next({ type: 'peer-down', peer, direction, ...(error && { error }) });
      this.#peers.disconnected(peer, direction, error);
      const report = reportOfEnd(peer, error);
      if (report !== undefined) this.#reports.next(report);
    }
  }

  /**
   * A peer that proved its ID does not become one of ours.
   * @param claimed whether it had a slot
   */
  notAccepted(error: RxmeshError, { link, id, address }: Proven, claimed: boolean): void {
    const { direction, remote } = link;
    this.#events.next({ type: 'connection-refused', direction, remote, peer: id, error });
    // A claim ends the dial, so another dial may already be in progress.
    if (claimed) this.#peers.disconnected(id, direction, error);
    else if (address !== undefined) this.#peers.dialFailed(address, error);
    const isDuplicate = error.code === 'RXMESH_DUPLICATE_CONNECTION' && address !== undefined;
    if (!isDuplicate || this.#peers.peer(id)?.links.length !== 0) return;
    this.#secondSelf.refusedAsDuplicate(id, { direction, address, remote, error });
  }

  /** Closes a connection beyond the limit per second. */
  tooMany(connection: Connection, perSecond: number, from = ''): void {
    const text = `more than ${perSecond} connections per second${from}`;
    this.#close(connection, new RxmeshError('RXMESH_TOO_MANY_CONNECTIONS', text));
  }

  /** Closes a connection that was not admitted. */
  connectionRefused(error: RxmeshError, connection: Connection, address?: NodeAddress): void {
    this.#close(connection, error);
    if (address !== undefined) this.#peers.dialFailed(address, error);
  }

  /** Closes the link of a peer that was not admitted, and sends it the reason. */
  peerRefused(error: RxmeshError, proven: Proven): void {
    proven.link.close('refused', error.message);
    this.notAccepted(error, proven, false);
  }

  /** Closes a connection that has proved nothing, and tells the other side as much as it needs. */
  #close(connection: Connection, error: RxmeshError): void {
    connection.close(reasonOf(error));
    this.refused(error, connection);
  }

  /** A connection, or a request for one, was refused. */
  refused(
    error: RxmeshError,
    { direction, remote }: Pick<Connection, 'direction' | 'remote'>,
  ): void {
    const { peer } = error;
    this.#events.next({
      type: 'connection-refused',
      direction,
      remote,
      error,
      ...(peer !== undefined && { peer }),
    });
    this.#secondSelf.failed({ direction, remote, error });
  }

  /** Our dial, or the handshake after it, has failed. */
  dialFailed(error: RxmeshError, address: NodeAddress): void {
    this.#events.next({ type: 'dial-failed', address, error });
    this.#peers.dialFailed(address, error);
    this.#secondSelf.failed({ direction: 'outbound', address, error });
  }

  /** A peer was reported, by a channel, the application or the router. */
  judge(report: PeerReport): void {
    const { peer, severity, good } = report;
    // A good report may come with every message; it appears only in `reports$`.
    if (good !== true) {
      this.#events.next({ type: 'peer-reported', peer, severity, error: errorOfReport(report) });
    }
    this.#peers.report(report);
  }

  /** A peer is about to be disconnected. */
  evicted({ peer, error }: Eviction): void {
    this.#events.next({ type: 'peer-evicted', peer, error });
  }
}
