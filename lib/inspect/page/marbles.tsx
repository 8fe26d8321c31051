import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ChannelRow } from '../view.ts';
import { channelName, short, span, whole } from '../format.ts';
import { type Cell, cellMs, historyMs } from './history.ts';
import type { Model } from './model.ts';

const pixelsPerSecond = 48;
/** How many channels one looks at, at first. */
const chosenAtFirst = 3;

/** A moment at which the marbles stand still, and what there was to see. */
interface Still {
  readonly atMs: number;
  readonly cells: ReadonlyMap<string, readonly Cell[]>;
}

/** Channels, and live marbles of those that are chosen. */
export function Channels({ model, nowMs }: { readonly model: Model; readonly nowMs: number }) {
  const [chosen, setChosen] = useState<ReadonlySet<string> | undefined>(undefined);
  const [still, setStill] = useState<Still | undefined>(undefined);
  const [backMs, setBack] = useState(0);
  const channels = model.channels();
  const stalled = model.stalledChannels();
  const shown = chosen ?? new Set(channels.slice(0, chosenAtFirst).map(({ key }) => key));
  const toggle = (key: string): void => {
    const next = new Set(shown);
    if (!next.delete(key)) next.add(key);
    setChosen(next);
  };
  const freeze = (): void => {
    const cells = new Map([...model.histories].map(([key, history]) => [key, history.copy()]));
    setStill({ atMs: nowMs, cells });
  };
  const resume = (): void => {
    setStill(undefined);
    setBack(0);
  };
  const scrub = (ms: number): void => {
    if (still === undefined) freeze();
    setBack(ms);
  };
  if (channels.length === 0) return <p class="empty">No channel is open.</p>;
  const endMs = (still?.atMs ?? nowMs) - backMs;
  return (
    <>
      <Toolbar isStill={still !== undefined} {...{ backMs, freeze, resume, scrub }} />
      <ul class="channels">
        {channels.map((channel) => (
          <Channel
            key={channel.key}
            channel={channel}
            isShown={shown.has(channel.key)}
            isStalled={stalled.has(channel.channel)}
            toggle={() => toggle(channel.key)}
            cells={
              still === undefined
                ? (model.histories.get(channel.key)?.cells ?? [])
                : (still.cells.get(channel.key) ?? [])
            }
            endMs={endMs}
          />
        ))}
      </ul>
    </>
  );
}

interface ToolbarProps {
  readonly isStill: boolean;
  readonly backMs: number;
  readonly freeze: () => void;
  readonly resume: () => void;
  readonly scrub: (ms: number) => void;
}

function Toolbar({ isStill, backMs, freeze, resume, scrub }: ToolbarProps): JSX.Element {
  return (
    <div class="toolbar">
      <button type="button" aria-pressed={isStill} onClick={isStill ? resume : freeze}>
        {isStill ? 'Back to live' : 'Pause'}
      </button>
      <label class="scrub">
        <span>Look back</span>
        <input
          type="range"
          min={0}
          max={historyMs / 1_000}
          step={1}
          value={historyMs / 1_000 - backMs / 1_000}
          aria-valuetext={backMs === 0 ? 'now' : `${backMs / 1_000} seconds back`}
          onInput={(event) => scrub(historyMs - Number(event.currentTarget.value) * 1_000)}
        />
        <output>{backMs === 0 ? (isStill ? 'paused' : 'live') : `-${span(backMs)}`}</output>
      </label>
      <ul class="legend" aria-label="Legend">
        <li class="in">in</li>
        <li class="out">out</li>
        <li class="dropped">dropped</li>
        <li class="note">one dot: ¼ s</li>
      </ul>
    </div>
  );
}

interface ChannelProps {
  readonly channel: ChannelRow;
  readonly isShown: boolean;
  readonly isStalled: boolean;
  readonly toggle: () => void;
  readonly cells: readonly Cell[];
  readonly endMs: number;
}

function Channel(props: ChannelProps): JSX.Element {
  const { channel, isShown, isStalled, toggle, cells, endMs } = props;
  const { messagesIn, messagesOut, dropped, queued, waiting, peers } = channel;
  const name = channelName(channel.channel);
  return (
    <li class="channel">
      <div class="head">
        <button
          type="button"
          class="name"
          aria-expanded={isShown}
          aria-label={`Marbles of channel ${name}`}
          onClick={toggle}
        >
          <span aria-hidden="true">{isShown ? '▾' : '▸'}</span> {name}
        </button>
        {isStalled && <span class="badge stalled">stalled</span>}
        <Use channel={channel} />
        <span class="facts">
          {whole(peers)} {peers === 1 ? 'peer' : 'peers'} · in {whole(messagesIn)} · out{' '}
          {whole(messagesOut)} · queued {whole(queued)}
          {waiting > 0 && ` · ${whole(waiting)} sends wait`}
          {dropped > 0 && <span class="bad"> · dropped {whole(dropped)}</span>}
        </span>
      </div>
      {isShown && <Marbles name={name} cells={cells} endMs={endMs} />}
    </li>
  );
}

/** How this node uses a channel, if it does not consume it. */
function Use({ channel }: { readonly channel: ChannelRow }): JSX.Element | null {
  if (!channel.isOpen) return <span class="badge">closed here</span>;
  if (channel.isConsumed) return null;
  // Without messages in, a consumer is nothing that this node needs.
  return channel.messagesIn > 0 ? (
    <span class="badge warn">nothing consumes it here</span>
  ) : (
    <span class="badge">not consumed here</span>
  );
}

const lines = [
  ['in', 13],
  ['out', 39],
  ['dropped', 65],
] as const;

interface MarblesProps {
  readonly name: string;
  readonly cells: readonly Cell[];
  readonly endMs: number;
}

/** Time runs to the right, up to now. Each marble is what came in a quarter of a second. */
function Marbles({ name, cells, endMs }: MarblesProps): JSX.Element {
  const visible = cells.filter(({ startMs }) => startMs <= endMs && startMs > endMs - historyMs);
  const recent = visible.filter(({ startMs }) => startMs > endMs - 15_000);
  const sums = lines.map(([line]) => {
    return `${whole(recent.reduce((sum, cell) => sum + cell[line], 0))} ${line}`;
  });
  return (
    <svg
      class="marbles"
      height="78"
      role="img"
      aria-label={`Channel ${name}, the last 15 seconds: ${sums.join(', ')}`}
    >
      {lines.map(([line, y]) => (
        <line key={line} class="axis" x1="0" x2="100%" y1={y} y2={y} />
      ))}
      <svg x="100%" overflow="visible">
        {lines.map(([line, y]) =>
          visible.map((cell) => {
            const count = cell[line];
            if (count === 0) return null;
            const age = (endMs - cell.startMs - cellMs / 2) / 1_000;
            return <Marble key={`${line}${cell.startMs}`} {...{ line, y, count, age }} />;
          }),
        )}
      </svg>
    </svg>
  );
}

interface MarbleProps {
  readonly line: string;
  readonly y: number;
  readonly count: number;
  readonly age: number;
}

function Marble({ line, y, count, age }: MarbleProps): JSX.Element {
  const radius = Math.min(11, 4 + 2.4 * Math.log10(count));
  return (
    <g class={line} transform={`translate(${(-age * pixelsPerSecond - 10).toFixed(1)} ${y})`}>
      <circle r={radius.toFixed(1)} />
      {count > 1 && radius > 6 && <text y="3">{short(count)}</text>}
    </g>
  );
}
