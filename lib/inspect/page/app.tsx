import type { JSX } from 'preact';
import type { LinkState } from '../link.ts';
import type { Command } from '../view.ts';
import { Banner } from './banner.tsx';
import { Card } from './card.tsx';
import { Chart } from './chart.tsx';
import { Controls, type ControlsProps } from './controls.tsx';
import { Events } from './events.tsx';
import { bytes, short, withoutId } from '../format.ts';
import { Graph } from './graph.tsx';
import { Drops, Lanes } from './lanes.tsx';
import { Channels } from './marbles.tsx';
import type { Model } from './model.ts';
import { Dials, Peers } from './peers.tsx';

/** Properties of `App`. */
export interface AppProps {
  readonly model: Model;
  readonly nowMs: number;
  readonly command: (command: Command) => void;
  readonly said: ControlsProps['said'];
  /** Closes the inspector; undefined if it is a page of its own. */
  readonly close: (() => void) | undefined;
}

/** The whole page. */
export function App({ model, nowMs, command, said, close }: AppProps): JSX.Element {
  const { rates, node } = model;
  const mayControl = node?.mayControl === true;
  const peers = [...model.tables.peers.values()];
  const up = peers.filter(({ state }) => state === 'up').length;
  return (
    <>
      <Header model={model} close={close} />
      <main>
        <Trouble link={model.link} />
        <Banner model={model} nowMs={nowMs} />
        <section class="tiles" aria-label="Summary">
          <div class="tile count">
            <span class="what">Peers up</span>
            <strong>{up}</strong>
            <span class="of">of {node?.known ?? 0} known</span>
          </div>
          <Chart label="Messages in" values={rates.in.values} format={perSecond} />
          <Chart label="Messages out" values={rates.out.values} format={perSecond} tone="out" />
          <Chart label="Bytes in" values={rates.bytesIn.values} format={bytesPerSecond} />
          <Chart
            label="Bytes out"
            values={rates.bytesOut.values}
            format={bytesPerSecond}
            tone="out"
          />
          <Chart label="Dropped" values={rates.dropped.values} format={perSecond} tone="bad" />
        </section>
        <Card title="Channels">
          <Channels model={model} nowMs={nowMs} />
        </Card>
        <div class="columns">
          <Card title="Lanes">
            <Lanes model={model} />
          </Card>
          <div class="stack">
            <Card title="Links">
              <Graph model={model} />
            </Card>
            <Card title="Drops by reason">
              <Drops model={model} />
            </Card>
            <Card title="Dials">
              <Dials model={model} nowMs={nowMs} />
            </Card>
          </div>
        </div>
        <Card title="Peers">
          <Peers model={model} nowMs={nowMs} command={mayControl ? command : undefined} />
          {peers.length < (node?.known ?? 0) && (
            <p class="empty">
              {peers.length} of {node?.known} known peers.
            </p>
          )}
        </Card>
        {mayControl && (
          <Card title="Controls">
            <Controls command={command} said={said} />
          </Card>
        )}
        <Card title="Events">
          <Events model={model} nowMs={nowMs} />
        </Card>
      </main>
    </>
  );
}

const perSecond = (value: number): string => `${short(value)}/s`;
const bytesPerSecond = (value: number): string => `${bytes(value)}/s`;

const words: Readonly<Record<LinkState['name'], string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'not connected',
  refused: 'refused',
};

function Header({ model, close }: Pick<AppProps, 'model' | 'close'>): JSX.Element {
  const { node, link, everyMs } = model;
  const [address] = node?.addresses ?? [];
  return (
    <header>
      <h1>rxmesh inspector</h1>
      {node !== undefined && (
        <p class="node">
          this node <code title={node.id}>{node.id.slice(0, 8)}</code>
          {address !== undefined && <code class="address">{withoutId(address)}</code>}
        </p>
      )}
      <p class={`link ${link.name}`} role="status">
        <span class="dot" aria-hidden="true" /> {words[link.name]}
        {link.name === 'live' && everyMs > 110 && ` · every ${everyMs} ms`}
      </p>
      {close !== undefined && (
        <button type="button" class="close" onClick={close}>
          Close
        </button>
      )}
    </header>
  );
}

function Trouble({ link }: { readonly link: LinkState }): JSX.Element | null {
  if (link.name !== 'lost' && link.name !== 'refused') return null;
  return (
    <div role="alert" class="trouble">
      <strong>{link.name === 'lost' ? 'Not connected.' : 'Refused.'}</strong> {link.why}{' '}
      {link.name === 'lost' && 'What you see is the last that was known.'}
    </div>
  );
}
