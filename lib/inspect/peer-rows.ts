import { formatEndpoint, formatNodeAddress, type PeerRecord, type PeerSnapshot } from '../index.ts';
import type { Table } from './changes.ts';
import { noTraffic, type PeerTraffic } from './traffic.ts';
import type { PeerRow, PeerState } from './view.ts';

/** How many known peers a view has; those that are up come first. */
export const peersShownMax = 200;

/** A row, and what it was made of. */
interface Made {
  readonly record: PeerRecord;
  readonly peer: PeerSnapshot | undefined;
  readonly problem: string | undefined;
  readonly row: PeerRow;
}

/** The rows of the known peers, from one sample to the next. A row is made when it has changed. */
export class PeerRows {
  readonly #problemOf: (peer: string) => string | undefined;
  #made: ReadonlyMap<string, Made> = new Map();

  /** @param problemOf why the last dial of a peer failed */
  constructor(problemOf: (peer: string) => string | undefined) {
    this.#problemOf = problemOf;
  }

  /** The rows now. Those of peers that are up come first, and then as many others as fit. */
  look(
    records: readonly PeerRecord[],
    up: ReadonlyMap<string, PeerSnapshot>,
    trafficOf: (peer: string) => PeerTraffic | undefined,
  ): Table<PeerRow> {
    const made = new Map<string, Made>();
    const rows = new Map<string, PeerRow>();
    for (const isUp of [true, false]) {
      for (const record of records) {
        if (made.size === peersShownMax) break;
        if ((record.status === 'up') !== isUp) continue;
        const { id } = record;
        const one = this.#make(record, up.get(id), trafficOf(id) ?? nothing);
        made.set(id, one);
        rows.set(id, one.row);
      }
    }
    this.#made = made;
    return rows;
  }

  #make(record: PeerRecord, peer: PeerSnapshot | undefined, traffic: PeerTraffic): Made {
    const before = this.#made.get(record.id);
    const problem = record.failures > 0 ? this.#problemOf(record.id) : undefined;
    const isKnown =
      before?.record === record && before.problem === problem && isSameLink(before.peer, peer);
    if (isKnown && isStill(before.row, traffic)) return before;
    const texts = isKnown ? before.row : textsOf(record, peer, before?.row);
    const row = rowOf(record, peer, problem, traffic, texts);
    return { record, peer, problem, row };
  }
}

const nothing = noTraffic();

type Texts = Pick<PeerRow, 'moniker' | 'address' | 'remote'>;

/** Written out, with all fields: spreading takes ten times as long. */
function rowOf(
  record: PeerRecord,
  peer: PeerSnapshot | undefined,
  problem: string | undefined,
  traffic: PeerTraffic,
  { moniker, address, remote }: Texts,
): PeerRow {
  return {
    key: record.id,
    state: stateOf(record),
    moniker,
    direction: peer?.direction,
    remote,
    roundTripMs: hundredths(peer?.roundTripMs),
    upSinceMs: peer?.upSinceMs,
    failures: record.failures,
    nextDialMs: record.nextDialMs,
    lastDial: record.lastDial,
    problem,
    address,
    isPersistent: record.isPersistent,
    score: record.score,
    messagesIn: traffic.messagesIn,
    messagesOut: traffic.messagesOut,
    bytesIn: traffic.bytesIn,
    bytesOut: traffic.bytesOut,
    waiting: traffic.waiting,
  };
}

/** A peer that has left keeps its name: people look for that, not for its ID. */
function textsOf(
  { addresses: [address] }: PeerRecord,
  peer: PeerSnapshot | undefined,
  before: PeerRow | undefined,
): Texts {
  return {
    moniker: peer?.moniker ?? before?.moniker,
    address: address === undefined ? undefined : formatNodeAddress(address),
    remote: peer === undefined ? undefined : formatEndpoint(peer.remote),
  };
}

const hundredths = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.round(ms * 100) / 100;

function stateOf({ status, isDialing, nextDialMs }: PeerRecord): PeerState {
  if (status === 'up') return 'up';
  if (isDialing) return 'dialing';
  return nextDialMs === undefined ? 'down' : 'waiting';
}

/** Whether it is the same connection, with the same round trip. */
function isSameLink(one: PeerSnapshot | undefined, other: PeerSnapshot | undefined): boolean {
  return one?.upSinceMs === other?.upSinceMs && one?.roundTripMs === other?.roundTripMs;
}

function isStill(row: PeerRow, traffic: PeerTraffic): boolean {
  return (
    row.messagesIn === traffic.messagesIn &&
    row.messagesOut === traffic.messagesOut &&
    row.bytesIn === traffic.bytesIn &&
    row.bytesOut === traffic.bytesOut &&
    row.waiting === traffic.waiting
  );
}
