import type { JSX } from 'preact';
import type { StallRow } from '../view.ts';
import { stallTitles } from '../picture.ts';
import { channelName, span } from '../format.ts';
import type { Model } from './model.ts';

/** How many stalls the banner has before it only counts them. */
const shownMax = 4;

/** What stands still, in front of everything else: which channel and peer, why, and who waits. */
export function Banner({ model, nowMs }: { readonly model: Model; readonly nowMs: number }) {
  const stalls = model.stalls();
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
  const { kind, channel, sinceMs, cause, waits } = stall;
  return (
    <section class={`stall ${kind}`} aria-label={`${stallTitles[kind]}: channel ${channel}`}>
      <h2>
        <span class="kind">{stallTitles[kind]}</span> channel {channelName(channel)}{' '}
        {model.peersOf(stall)}
        {/* Read aloud once, not each second. */}
        <span class="since" aria-hidden="true">
          for {span(nowMs - sinceMs)}
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
