import { useState } from 'preact/hooks';
import type { LaneRow } from '../view.ts';
import { dropReasons } from '../drop-reasons.ts';
import { bytes, channelName, whole } from '../format.ts';
import type { Model } from './model.ts';

/** Lanes as fill levels, by channel. */
export function Lanes({ model }: { readonly model: Model }) {
  const [isAll, setAll] = useState(false);
  const rows = model.lanes();
  const stalled = model.stalledLanes();
  const shown = isAll ? rows : model.busyLanes();
  const total = model.node?.lanes ?? rows.length;
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={isAll}
          onChange={(event) => setAll(event.currentTarget.checked)}
        />{' '}
        empty lanes too
      </label>
      {shown.length === 0 && <p class="empty">All {whole(total)} lanes are empty.</p>}
      <ul class="lanes">
        {shown.map((lane) => (
          <Lane key={lane.key} lane={lane} isStalled={stalled.has(lane.key)} model={model} />
        ))}
      </ul>
      {rows.length < total && isAll && (
        <p class="empty">
          {rows.length} of {whole(total)} lanes: the fullest first.
        </p>
      )}
    </>
  );
}

interface LaneProps {
  readonly lane: LaneRow;
  readonly isStalled: boolean;
  readonly model: Model;
}

function Lane({ lane, isStalled, model }: LaneProps) {
  const { channel, peer, direction, strategy, depth, limit, depthBytes, fill, credit } = lane;
  const way = direction === 'inbound' ? '← from' : '→ to';
  const level = isStalled ? 'stalled' : fill >= 0.9 ? 'full' : fill >= 0.5 ? 'half' : 'low';
  const percent = Math.round(fill * 100);
  const name = `Channel ${channel} ${direction === 'inbound' ? 'from' : 'to'} ${model.peerName(peer)}`;
  return (
    <li class={`lane ${level}`}>
      <div class="name">
        <strong>{channelName(channel)}</strong> {way} {model.peerName(peer)}
        {isStalled && <span class="badge stalled">stalled</span>}
      </div>
      <div
        class="meter"
        role="meter"
        aria-label={name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={`${percent} % full, ${depth} messages`}
      >
        <span style={{ width: `${percent}%` }} />
      </div>
      <div class="facts">
        <span>
          {whole(depth)} of {whole(limit)} · {bytes(depthBytes)}
        </span>
        <span>when full: {strategy}</span>
        <span>
          {credit > 0 ? `credit for ${whole(credit)} more` : 'no credit'}
          {lane.waiting > 0 && `, ${whole(lane.waiting)} sends wait`}
        </span>
      </div>
    </li>
  );
}

/** Drops by channel and reason. */
export function Drops({ model }: { readonly model: Model }) {
  const drops = model.drops();
  if (drops.length === 0) return <p class="empty">Nothing has been dropped.</p>;
  const top = Math.max(...drops.map(({ count }) => count));
  return (
    <ul class="drops">
      {drops.map(({ key, channel, reason, count }) => (
        <li key={key}>
          <span class="name">
            <strong>{reason}</strong> channel {channelName(channel)}
          </span>
          <span class="count">{whole(count)}</span>
          <span class="bar" aria-hidden="true">
            <span style={{ width: `${(count / top) * 100}%` }} />
          </span>
          <span class="why">{dropReasons[reason]?.replaceAll('`', '')}</span>
        </li>
      ))}
    </ul>
  );
}
