import { useState } from 'preact/hooks';
import type { Command } from '../view.ts';

/** Properties of `Controls`. */
export interface ControlsProps {
  readonly command: (command: Command) => void;
  /** How the last command ended. */
  readonly said: { readonly text: string; readonly isBad: boolean } | undefined;
}

/** What one may do besides looking. */
export function Controls({ command, said }: ControlsProps) {
  const [address, setAddress] = useState('');
  const [limit, setLimit] = useState('');
  return (
    <div class="controls">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          command({ name: 'dial', address: address.trim() });
        }}
      >
        <label>
          <span>Dial an address</span>
          <input
            required
            value={address}
            placeholder="ws://id@host:port"
            onInput={(event) => setAddress(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Dial</button>
      </form>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          command({ name: 'set-limits', maxConnected: Number(limit) });
        }}
      >
        <label>
          <span>Most connected peers</span>
          <input
            required
            type="number"
            min={1}
            max={1_000_000}
            value={limit}
            onInput={(event) => setLimit(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Set</button>
      </form>
      <p role="status" class={said?.isBad === true ? 'bad' : ''}>
        {said?.text ?? ''}
      </p>
    </div>
  );
}
