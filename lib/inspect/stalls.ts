import type { AbsenceSnapshot, Direction, PortSnapshot } from '../index.ts';
import { worstFirst } from './picture.ts';
import { lanesShownMax, type StallKind, type StallRow } from './view.ts';

/** How long a lane stands still before it is shown, in milliseconds. */
const stillMs = 2_000;
/** How long sends wait for a lane that moves before it is shown. */
const slowMs = 5_000;
/** How many are shown. */
const stallsMax = 50;
/** How many peers each of them names. */
const namesMax = 4;

/** A lane with something in it or in front of it. */
export interface BusyLane {
  readonly key: string;
  readonly peer: string;
  /** What people call the peer. */
  readonly name: string;
  readonly port: PortSnapshot;
  readonly direction: Direction;
  readonly isConsumed: boolean;
}

interface Watch {
  readonly moves: number;
  /** Since when nothing has moved, on the node's clock. */
  readonly sinceMs: number;
  /** Since when sends wait; undefined if none does. */
  readonly waitingSinceMs: number | undefined;
}

type Absence = AbsenceSnapshot & { readonly channel: number };

/** Lanes of one channel with the same trouble, so that a hundred peers make one line. */
interface Group {
  readonly key: string;
  readonly kind: StallKind;
  readonly channel: number;
  readonly direction: Direction;
  readonly lanes: BusyLane[];
  sinceMs: number;
}

/** Finds what stands still, by comparing one sample with those before it. */
export class StallWatch {
  #watches: ReadonlyMap<string, Watch> = new Map();
  #absences: ReadonlyMap<string, number> = new Map();

  /** What stands still at `nowMs`, the worst and longest first. */
  look(
    lanes: readonly BusyLane[],
    awaited: readonly Absence[],
    nameOf: (peer: string) => string,
    nowMs: number,
  ): readonly StallRow[] {
    const watches = new Map<string, Watch>();
    const groups = new Map<string, Group>();
    for (const lane of lanes) {
      const watch = watchOf(lane, this.#watches.get(lane.key), nowMs);
      watches.set(lane.key, watch);
      put(groups, lane, watch, nowMs);
    }
    this.#watches = watches;
    const stalls = [...groups.values()].map(rowOf);
    stalls.push(...this.#absent(awaited, nameOf, nowMs));
    stalls.sort(worstFirst);
    return stalls.slice(0, stallsMax);
  }

  #absent(
    awaited: readonly Absence[],
    nameOf: (peer: string) => string,
    nowMs: number,
  ): readonly StallRow[] {
    const since = new Map<string, number>();
    const stalls: StallRow[] = [];
    for (const { channel, peer, sends } of awaited) {
      if (sends === 0) continue;
      const key = `absent/${channel}/${peer ?? ''}`;
      const sinceMs = this.#absences.get(key) ?? nowMs;
      since.set(key, sinceMs);
      if (nowMs - sinceMs < stillMs) continue;
      const cause =
        peer === undefined
          ? 'No peer has this channel open.'
          : `Peer ${nameOf(peer)} is away, or does not have this channel open.`;
      const waits = `${counted(sends, 'send')} of this node ${wait(sends)} for it.`;
      const peers = peer === undefined ? [] : [peer];
      const row = {
        key,
        channel,
        peers,
        lanes: [],
        direction: 'outbound',
        kind: 'absent',
      } as const;
      stalls.push({ ...row, sinceMs, cause, waits });
    }
    this.#absences = since;
    return stalls;
  }
}

function watchOf(lane: BusyLane, before: Watch | undefined, nowMs: number): Watch {
  const moves = movesOf(lane);
  const isStill = before?.moves === moves || isUnread(lane);
  const waits = lane.direction === 'outbound' && lane.port.outbound.waiting > 0;
  return {
    moves,
    sinceMs: isStill ? (before?.sinceMs ?? nowMs) : nowMs,
    waitingSinceMs: waits ? (before?.waitingSinceMs ?? nowMs) : undefined,
  };
}

/** Grows when something leaves the lane. */
function movesOf({ port, direction }: BusyLane): number {
  return direction === 'outbound' ? port.bytesOut : port.messagesIn - port.inbound.depth;
}

/** Without a consumer nothing is taken, however many messages the strategy replaces. */
function isUnread({ direction, isConsumed }: BusyLane): boolean {
  return direction === 'inbound' && !isConsumed;
}

function isUngranted({ port: { outbound } }: BusyLane): boolean {
  return outbound.credit <= 0 || outbound.creditBytes <= 0;
}

function put(groups: Map<string, Group>, lane: BusyLane, watch: Watch, nowMs: number): void {
  const { port, direction } = lane;
  const { waitingSinceMs = Infinity } = watch;
  const isStill = nowMs - watch.sinceMs >= stillMs && port[direction].depth > 0;
  if (!isStill && nowMs - waitingSinceMs < slowMs) return;
  const kind = isStill ? 'stalled' : 'slow';
  const sinceMs = isStill ? watch.sinceMs : waitingSinceMs;
  const how = isStill && direction === 'outbound' && !isUngranted(lane) ? 'line' : 'peer';
  const key = `${kind}/${port.channel}/${direction}/${how}`;
  const group = groups.get(key);
  if (group === undefined) {
    groups.set(key, { key, kind, channel: port.channel, direction, lanes: [lane], sinceMs });
    return;
  }
  group.lanes.push(lane);
  group.sinceMs = Math.min(group.sinceMs, sinceMs);
}

function rowOf({ key, kind, channel, direction, lanes, sinceMs }: Group): StallRow {
  const words =
    direction === 'inbound' ? inboundWords(lanes) : outboundWords(lanes, kind === 'slow');
  return {
    key,
    kind,
    channel,
    direction,
    peers: lanes.slice(0, namesMax).map(({ peer }) => peer),
    lanes: lanes.slice(0, lanesShownMax).map((lane) => lane.key),
    sinceMs,
    ...words,
  };
}

interface Words {
  readonly cause: string;
  readonly waits: string;
}

function inboundWords(lanes: readonly BusyLane[]): Words {
  const depth = lanes.reduce((sum, { port }) => sum + port.inbound.depth, 0);
  const arrived = `${counted(depth, 'message')} ${wait(depth)}.`;
  const isConsumed = lanes.some((lane) => lane.isConsumed);
  const cause = isConsumed
    ? `The consumer of in$ in this process takes nothing: ${arrived} Look for a promise that hangs.`
    : `Nothing in this process subscribes to in$ of this channel: ${arrived}`;
  const strategy = lanes[0]?.port.inbound.strategy;
  if (strategy !== 'block') {
    return { cause, waits: `Nobody waits: the lane drops messages (${strategy}).` };
  }
  const held = lanes.filter(({ port }) => port.inbound.granted <= 0);
  if (held.length === 0) {
    return { cause, waits: 'Nobody yet: the peers may still send some more.' };
  }
  const waits = held.length === 1 ? 'waits' : 'wait';
  return { cause, waits: `${peersOf(held)} ${waits}: no more may be sent on this channel.` };
}

function outboundWords(lanes: readonly BusyLane[], isSlow: boolean): Words {
  const [who, s] = [peersOf(lanes), lanes.length === 1 ? 's' : ''];
  const waits = sendsWait(lanes);
  if (isSlow) return { cause: `${who} take${s} messages more slowly than this node sends.`, waits };
  if (lanes.some(isUngranted)) {
    const why = `grant${s} no more credit. Look at the consumer there.`;
    return { cause: `${who} take${s} nothing on this channel, and ${why}`, waits };
  }
  const cause = `${who} grant${s} credit, but the connection takes no data.`;
  return { cause, waits };
}

function sendsWait(lanes: readonly BusyLane[]): string {
  const [depth, sends] = lanes.reduce(
    ([messages, all], { port: { outbound } }) => [
      messages + outbound.depth,
      all + outbound.waiting,
    ],
    [0, 0],
  );
  const queued = `${counted(depth, 'message')} in the lane${lanes.length === 1 ? '' : 's'}`;
  if (sends === 0)
    return `No send of this node waits yet; there ${depth === 1 ? 'is' : 'are'} ${queued}.`;
  return `${counted(sends, 'send')} of this node ${wait(sends)} behind ${queued}.`;
}

/** `Peer ann`, `Peers ann and bob`, `Peers ann, bob, cleo and 7 more`. */
function peersOf(lanes: readonly BusyLane[]): string {
  const names = lanes.slice(0, namesMax).map(({ name }) => name);
  const rest = lanes.length - names.length;
  if (lanes.length === 1) return `Peer ${names.join()}`;
  const last = rest > 0 ? `${rest} more` : (names.pop() ?? '');
  return `Peers ${names.join(', ')} and ${last}`;
}

const wait = (count: number): string => (count === 1 ? 'waits' : 'wait');

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
