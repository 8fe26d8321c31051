import type { JSX } from 'preact';
import type { PeerRow } from '../view.ts';
import { nameOf } from '../picture.ts';
import type { Model } from './model.ts';

/** With more peers than this, they are dots without names. */
const namedMax = 16;
const width = 480;
const height = 300;

/** This node in the middle, and its peers around it. */
export function Graph({ model }: { readonly model: Model }): JSX.Element {
  const peers = [...model.tables.peers.values()].sort((a, b) => a.key.localeCompare(b.key));
  const stalled = model.stalledPeers();
  const counts = (['up', 'dialing', 'waiting', 'down'] as const).map(
    (state) => `${peers.filter((peer) => peer.state === state).length} ${state}`,
  );
  const isNamed = peers.length <= namedMax;
  return (
    <svg
      class="graph"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`This node and its peers: ${counts.join(', ')}`}
    >
      {peers.map((peer, i) => {
        const angle = (2 * Math.PI * i) / peers.length - Math.PI / 2;
        const [x, y] = [Math.cos(angle) * (width / 2 - 90), Math.sin(angle) * (height / 2 - 40)];
        const state = stalled.has(peer.key) ? 'stalled' : peer.state;
        return <Spoke key={peer.key} {...{ peer, x, y, state, isNamed }} />;
      })}
      <g transform={`translate(${width / 2} ${height / 2})`} class="self">
        <circle r="32" />
        <text y="5">this node</text>
      </g>
    </svg>
  );
}

interface SpokeProps {
  readonly peer: PeerRow;
  readonly x: number;
  readonly y: number;
  readonly state: string;
  readonly isNamed: boolean;
}

function Spoke({ peer, x, y, state, isNamed }: SpokeProps): JSX.Element {
  return (
    <g transform={`translate(${width / 2} ${height / 2})`} class={`spoke ${state}`}>
      <title>{`${nameOf(peer.key, peer)}: ${state}`}</title>
      <line x2={x.toFixed(1)} y2={y.toFixed(1)} />
      <circle cx={x.toFixed(1)} cy={y.toFixed(1)} r={isNamed ? 11 : 6} />
      {isNamed && (
        <text x={x.toFixed(1)} y={(y + (y > 0 ? 28 : -18)).toFixed(1)}>
          {nameOf(peer.key, peer)}
        </text>
      )}
    </g>
  );
}
