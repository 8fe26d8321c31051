import type { JSX } from 'preact';
import type { StallRow } from '../view.ts';
import { channelName, span } from './format.ts';
import type { Model } from './model.ts';

/** How many stalls the banner has before it only counts them. */
const shownMax = 4;

const titles: Readonly<Record<StallRow['kind'], string>> = {
  stalled: 'Stalled',
  slow: 'Slow',
  absent: 'Waiting for a peer',
};

/** What stands still, in front of everything else: which channel and peer, why, and who waits. */
export function Banner({ model, nowMs }: { readonly model: Model; readonly nowMs: number }) {
  const order = { stalled: 0, slow: 1, absent: 2 };
  const stalls = [...model.tables.stalls.values()].sort(
    (a, b) => order[a.kind] - order[b.kind] || a.sinceMs - b.sinceMs,
  );
  const rest = stalls.length - shownMax;
  return (
    <div role="alert" class="banner">
      {stalls.slice(0, shownMax).map((stall) => (
        <Stall key={stall.key} stall={stall} model={model} nowMs={nowMs} />
      ))}
      {rest > 0 && <p class="more">and {rest} more</p>}
    </div>
  );
}

interface StallProps {
  readonly stall: StallRow;
  readonly model: Model;
  readonly nowMs: number;
}

function Stall({ stall, model, nowMs }: StallProps): JSX.Element {
  const { kind, channel, peers, lanes, direction, sinceMs, cause, waits } = stall;
  const way = direction === 'inbound' ? 'from' : 'to';
  return (
    <section class={`stall ${kind}`} aria-label={`${titles[kind]}: channel ${channel}`}>
      <h2>
        <span class="kind">{titles[kind]}</span> channel {channelName(channel)}
        {peers.length > 0 && (
          <>
            {' '}
            {way} {peers.map((peer) => model.peerName(peer)).join(', ')}
            {lanes.length > peers.length && ` and ${lanes.length - peers.length} more`}
          </>
        )}
        {/* Read aloud once, not each second. */}
        <span class="since" aria-hidden="true">
          {span(nowMs - sinceMs)}
        </span>
      </h2>
      <dl>
        <dt>Cause</dt>
        <dd>{cause}</dd>
        <dt>Who waits</dt>
        <dd>{waits}</dd>
      </dl>
    </section>
  );
}
