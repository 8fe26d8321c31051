import type { JSX } from 'preact';
import type { Command, PeerRow } from '../view.ts';
import { bytes, roundTrip, span, whole } from '../format.ts';
import { Chart } from './chart.tsx';
import { nameOf } from '../picture.ts';
import type { Model } from './model.ts';

/** Properties of `Peers`. */
export interface PeersProps {
  readonly model: Model;
  readonly nowMs: number;
  /** Undefined: the page may only look. */
  readonly command: ((command: Command) => void) | undefined;
}

/** All known peers, as far as they are shown. */
export function Peers({ model, nowMs, command }: PeersProps): JSX.Element {
  const peers = model.peers();
  const stalled = model.stalledPeers();
  if (peers.length === 0) return <p class="empty">This node knows no peer yet.</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Table of peers">
      <table>
        <thead>
          <tr>
            <th scope="col">Peer</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Waiting
            </th>
            <th scope="col" class="wide">
              Link
            </th>
            <th scope="col" class="number">
              Round trip
            </th>
            <th scope="col" class="number">
              In
            </th>
            <th scope="col" class="number">
              Out
            </th>
            {command !== undefined && <th scope="col">Actions</th>}
          </tr>
        </thead>
        <tbody>
          {peers.map((peer) => (
            <Peer
              key={peer.key}
              isStalled={stalled.has(peer.key)}
              {...{ peer, model, nowMs, command }}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Peer({
  peer,
  isStalled,
  model,
  nowMs,
  command,
}: PeersProps & { readonly peer: PeerRow; readonly isStalled: boolean }) {
  const { key, state, direction, remote, roundTripMs, upSinceMs, address } = peer;
  const trips = model.roundTrips.get(key)?.values ?? [];
  return (
    <tr>
      <th scope="row">
        <span title={key}>{nameOf(key, peer)}</span>
      </th>
      <td>
        <State state={state} />
        {isStalled && <span class="badge stalled">stalled</span>}
      </td>
      <td class="number">{whole(peer.waiting)}</td>
      <td class="wide">
        {state === 'up'
          ? `${direction ?? ''}, ${remote ?? ''}, for ${span(nowMs - (upSinceMs ?? nowMs))}`
          : (address ?? '')}
      </td>
      <td class="number">
        {trips.length > 1 && (
          <Chart small label="Round trip" values={trips} format={roundTrip} tone="out" />
        )}
        {roundTrip(roundTripMs)}
      </td>
      <td class="number" title={bytes(peer.bytesIn)}>
        {whole(peer.messagesIn)}
      </td>
      <td class="number" title={bytes(peer.bytesOut)}>
        {whole(peer.messagesOut)}
      </td>
      {command !== undefined && (
        <td>
          <Actions peer={peer} command={command} />
        </td>
      )}
    </tr>
  );
}

function Actions({ peer, command }: { peer: PeerRow; command: (command: Command) => void }) {
  const name = nameOf(peer.key, peer);
  return (
    <div class="actions">
      <button
        type="button"
        disabled={peer.state !== 'up'}
        aria-label={`Disconnect ${name}`}
        onClick={() => command({ name: 'disconnect', peer: peer.key })}
      >
        Disconnect
      </button>
      <button
        type="button"
        class="danger"
        aria-label={`Ban ${name}`}
        onClick={() => command({ name: 'ban', peer: peer.key })}
      >
        Ban
      </button>
    </div>
  );
}

/** A state as a dot and a word, since a colour alone says nothing to many. */
function State({ state }: { readonly state: PeerRow['state'] }): JSX.Element {
  return (
    <span class={`state ${state}`}>
      <span class="dot" aria-hidden="true" />
      {state}
    </span>
  );
}

/** Peers that this node dials or that it failed to reach, with what comes next. */
export function Dials({ model, nowMs }: { readonly model: Model; readonly nowMs: number }) {
  const peers = [...model.tables.peers.values()].filter(
    ({ state, failures }) => state !== 'up' && (state !== 'down' || failures > 0),
  );
  if (peers.length === 0) return <p class="empty">No peer is being dialed or waits for a dial.</p>;
  return (
    <ul class="dials">
      {peers.map((peer) => (
        <li key={peer.key}>
          <div>
            <strong title={peer.key}>{nameOf(peer.key, peer)}</strong> <State state={peer.state} />{' '}
            {peer.failures > 0 && <span>{whole(peer.failures)} failed</span>}{' '}
            <span class="next">{nextDial(peer, nowMs)}</span>
          </div>
          {peer.address !== undefined && <code>{peer.address}</code>}
          {peer.problem !== undefined && <p class="problem">{peer.problem}</p>}
        </li>
      ))}
    </ul>
  );
}

function nextDial({ nextDialMs, state }: PeerRow, nowMs: number): string {
  if (state === 'dialing') return 'being dialed now';
  if (nextDialMs === undefined) return 'not dialed again';
  return nextDialMs <= nowMs
    ? 'dialed as soon as a slot is free'
    : `next dial in ${span(nextDialMs - nowMs)}`;
}
