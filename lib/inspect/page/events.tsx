import { useState } from 'preact/hooks';
import type { EventRow } from '../view.ts';
import { whole } from '../format.ts';
import type { Model } from './model.ts';

/** How many lines are in the page at a time. */
const shownMax = 200;
const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = EventRow['level'];

/** The log of events, newest first, by level and text. */
export function Events({ model, nowMs }: { readonly model: Model; readonly nowMs: number }) {
  const [level, setLevel] = useState<Level>('info');
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const matching = model.events.filter(
    (event) =>
      levels.indexOf(event.level) >= levels.indexOf(level) &&
      (wanted === '' || `${event.type} ${event.text}`.toLowerCase().includes(wanted)),
  );
  const shown = matching.slice(-shownMax).reverse();
  return (
    <>
      <div class="toolbar">
        <label>
          <span>Filter</span>
          <input
            type="search"
            placeholder="text, peer or type"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>Level</span>
          <select
            value={level}
            onChange={({ currentTarget: { value } }) =>
              setLevel(levels.find((each) => each === value) ?? 'info')
            }
          >
            {levels.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <span class="facts">
          {whole(matching.length)} of {whole(model.events.length)}
          {model.missed > 0 && `, ${whole(model.missed)} more were too many to show`}
        </span>
      </div>
      {shown.length === 0 && <p class="empty">No event matches.</p>}
      <div class="events" tabIndex={0} role="log" aria-live="off" aria-label="Events">
        <ol>
          {shown.map(({ seq, atMs, level: its, type, text: line }) => (
            <li key={seq} class={its}>
              <time>{timeOfDay(nowMs - atMs)}</time>
              <span class="level">{its}</span>
              <span class="text">
                <span class="type">{type}</span> {line}
              </span>
            </li>
          ))}
        </ol>
      </div>
    </>
  );
}

/** The time of day at which something happened that many milliseconds ago. */
function timeOfDay(agoMs: number): string {
  const date = new Date(Date.now() - agoMs);
  const [time = ''] = date.toTimeString().split(' ');
  return `${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
