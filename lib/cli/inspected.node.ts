import { bytes, channelName, roundTrip, span, whole, withoutId } from '../inspect/format.ts';
import { nameOf, type Picture, stallTitles } from '../inspect/picture.ts';
import type { ChannelRow, LaneRow, PeerRow, StallRow } from '../inspect/view.ts';
import { printable } from '../model/quote.ts';
import { type Cell, fitted, type Section, type Table, tableLines, wrapped } from './table.node.ts';
import { screenOf, type Style, styled, type Terminal } from './terminal.node.ts';

/** How wide a bar is, in characters. */
const barWidth = 10;

const stateStyles: Readonly<Record<PeerRow['state'], Style>> = {
  up: 'green',
  dialing: 'yellow',
  waiting: 'yellow',
  down: 'dim',
};

/** What a channel had carried at some moment. */
type Counts = ReadonlyMap<string, ChannelRow>;

/** Draws what an inspector shows as lines of text. */
export class InspectedLines {
  readonly #terminal: Terminal;
  #since: { readonly atMs: number; readonly channels: Counts } | undefined;
  #rates: ReadonlyMap<string, { readonly in: number; readonly out: number }> = new Map();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Rates are of the time since the last call of this. */
  measure({ atMs, tables: { channels } }: Picture): void {
    const before = this.#since;
    this.#since = { atMs, channels: new Map(channels) };
    if (before === undefined || atMs <= before.atMs) return;
    const seconds = (atMs - before.atMs) / 1_000;
    const rates = [...channels.values()].map((now) => {
      const then = before.channels.get(now.key);
      const inOf = (now.messagesIn - (then?.messagesIn ?? 0)) / seconds;
      const outOf = (now.messagesOut - (then?.messagesOut ?? 0)) / seconds;
      return [now.key, { in: inOf, out: outOf }] as const;
    });
    this.#rates = new Map(rates);
  }

  /** The node as lines, as many as there is room for. */
  of(picture: Picture): readonly string[] {
    const { columns, rows } = screenOf(this.#terminal.output) ?? {
      columns: Infinity,
      rows: Infinity,
    };
    const top = this.#node(picture);
    const stalls = picture.stalls().map((stall) => this.#stall(stall, picture, columns));
    const sections = [...stalls, ...this.#tables(picture)];
    return [...top, ...fitted(sections, rows - 1 - top.length)];
  }

  #node({ node, tables: { peers } }: Picture): readonly string[] {
    if (node === undefined) return [];
    const [address = 'listens nowhere'] = node.addresses;
    const up = [...peers.values()].filter(({ state }) => state === 'up').length;
    const known = `${whole(up)} of ${whole(node.known)} known peers up`;
    return [
      `${this.#styled('bold', 'node')} ${node.id}  ${printable(withoutId(address))}`,
      `${known}, ${whole(node.lanes)} lanes`,
    ];
  }

  #stall(stall: StallRow, picture: Picture, columns: number): Section {
    const { kind, channel, sinceMs, cause, waits } = stall;
    const title = `${stallTitles[kind]} for ${span(picture.atMs - sinceMs)}:`;
    const about = `channel ${channelName(channel)} ${picture.peersOf(stall)}`.trimEnd();
    const style = kind === 'stalled' ? 'red' : 'yellow';
    const texts = [`cause: ${cause}`, `who waits: ${waits}`].flatMap((text) =>
      wrapped(printable(text), columns - 2),
    );
    const head = `${this.#styled(style, title)} ${printable(about)}`;
    return { head: [head, ...texts.map((text) => `  ${text}`)], rows: [] };
  }

  #tables(picture: Picture): readonly Section[] {
    const { node } = picture;
    const lanes = picture.busyLanes();
    const drops = picture.drops();
    const empty = `All ${whole(node?.lanes ?? 0)} lanes are empty.`;
    return [
      this.#section(peerTable(picture), 'This node knows no peer yet.'),
      this.#section(this.#channels(picture), 'This node has no channel.'),
      this.#section(laneTable(picture, lanes), empty),
      this.#section(
        {
          head: ['dropped', 'channel', '>messages'],
          rows: drops.map(({ reason, channel, count }) => [
            { text: reason, style: 'yellow' },
            channelName(channel),
            whole(count),
          ]),
        },
        'Nothing has been dropped.',
      ),
    ];
  }

  #section(table: Table, empty: string): Section {
    if (table.rows.length === 0) return { head: [this.#styled('dim', empty)], rows: [] };
    const [head = '', ...rows] = tableLines(this.#terminal, table);
    return { head: [head], rows };
  }

  #channels(picture: Picture): Table {
    return {
      head: ['channel', '>peers', '>in', '>in/s', '>out', '>out/s', '>queued', '>waiting', ''],
      rows: picture.channels().map((row) => {
        const rates = this.#rates.get(row.key);
        return [
          channelName(row.channel),
          whole(row.peers),
          whole(row.messagesIn),
          rateOf(rates?.in),
          whole(row.messagesOut),
          rateOf(rates?.out),
          whole(row.queued),
          whole(row.waiting),
          remarkOn(row),
        ];
      }),
    };
  }

  #styled(style: Style, text: string): string {
    return styled(this.#terminal, 'output', style, text);
  }
}

const rateOf = (rate: number | undefined): string => (rate === undefined ? '–' : whole(rate));

function remarkOn({ isOpen, isConsumed }: ChannelRow): Cell {
  if (!isOpen) return { text: 'closed here', style: 'dim' };
  return isConsumed ? '' : { text: 'no consumer', style: 'dim' };
}

function peerTable(picture: Picture): Table {
  return {
    head: ['peer', 'state', '>round trip', '>in', '>out', '>waiting', ''],
    rows: picture
      .peers()
      .map((peer) => [
        nameOf(peer.key, peer),
        { text: peer.state, style: stateStyles[peer.state] },
        roundTrip(peer.roundTripMs),
        whole(peer.messagesIn),
        whole(peer.messagesOut),
        whole(peer.waiting),
        linkOf(peer, picture.atMs),
      ]),
  };
}

function linkOf({ state, direction, remote, upSinceMs, problem, address }: PeerRow, atMs: number) {
  if (state !== 'up') return problem ?? address ?? '';
  return `${direction ?? ''}, ${remote ?? ''}, for ${span(atMs - (upSinceMs ?? atMs))}`;
}

function laneTable(picture: Picture, lanes: readonly LaneRow[]): Table {
  const stalled = picture.stalledLanes();
  return {
    head: ['lane', 'peer', 'full', '>messages', '>bytes', '>credit', '>waiting', 'strategy'],
    rows: lanes.map((lane) => {
      const { channel, direction, peer, depth, limit, depthBytes, credit, waiting } = lane;
      return [
        channelName(channel),
        `${direction === 'inbound' ? 'from' : 'to'} ${picture.peerName(peer)}`,
        barOf(lane, stalled.has(lane.key)),
        `${whole(depth)} of ${whole(limit)}`,
        bytes(depthBytes),
        whole(credit),
        whole(waiting),
        lane.strategy,
      ];
    }),
  };
}

/** `[#######   ]  70 %`: red if it stands still, yellow if it is nearly full. */
function barOf({ fill }: LaneRow, isStalled: boolean): Cell {
  const bar = '#'.repeat(Math.round(fill * barWidth)).padEnd(barWidth);
  const text = `[${bar}] ${String(Math.round(fill * 100)).padStart(3)} %`;
  if (isStalled) return { text, style: 'red' };
  return fill >= 0.9 ? { text, style: 'yellow' } : text;
}
