/**
 * Walks a CometBFT network by peer exchange, from one address: dials a node, asks it for the peers
 * that it knows, leaves, and goes on with those. Prints each with version, moniker and latency.
 *
 *     node --conditions=source --import tsx examples/comet-crawl.ts \
 *       tcp://<node ID>@203.0.113.7:26656 --network <chain ID> --max 50
 *     node --conditions=source --import tsx examples/comet-crawl.ts --local
 *
 * It is polite: each node is dialed once and asked once, few at a time, at a steady pace, and all
 * of them together no more than `--max`.
 */
import { parseArgs } from 'node:util';
import {
  defer,
  dematerialize,
  EMPTY,
  from,
  map,
  materialize,
  merge,
  mergeMap,
  type Observable,
  of,
  Subject,
  switchMap,
  take,
  tap,
  timer,
} from 'rxjs';
import {
  dropNewest,
  dropOldest,
  formatNodeAddress,
  Identity,
  type NodeAddress,
  parseNodeAddress,
  type PeerSession,
  type Self,
  selfOf,
  Switchboard,
} from 'rxmesh';
import {
  accept,
  boundedMergeMap,
  dial,
  handshake,
  ofKind,
  onBackpressure,
  rateLimit,
  route,
} from 'rxmesh/operators';
import { comet, type NetAddress, peerExchange } from 'rxmesh/transports/comet';
import { localNetwork } from './comet/local.ts';
import { isLocal } from './comet/private.ts';
import { numberFrom, optionsOf, runUntilCtrlC } from './common/program.ts';

const usage = `usage: comet-crawl.ts address --network chain [options]
       comet-crawl.ts --local [options]
  address        of a node: tcp://<node ID>@host:port
  --network      the chain ID
  --local        starts four nodes, each of which knows only the next; CometBFT must be installed
  --max          how many nodes to dial in all, 1 to 10000; default 100
  --connections  how many at a time, 1 to 32; default 4
  --per-second   how many to dial in a second, 0.1 to 20; default 4
  --wait         seconds that a node may take to connect, and to answer, 1 to 60; default 10
  --seconds      ends after this many
  --json         prints an object a line`;

/** A node, as it was found. */
interface Visit {
  readonly address: NodeAddress;
  /** How long the TCP connection took: one round trip. Undefined if there is none. */
  readonly latencyMs?: number;
  /** What it says about itself, if it has accepted us. */
  readonly peer?: { readonly moniker: string; readonly version: string };
  /** What it has answered. */
  readonly known?: readonly NodeAddress[];
  /** Why there is no answer. */
  readonly why?: string;
}

interface Start {
  readonly network: string;
  readonly addresses: readonly string[];
}

/** Visits a network, node by node, while subscribed. Completes when no node is left. */
function crawl(identity: Identity, { network, addresses: [first = ''] }: Start): Observable<Visit> {
  const start = parseNodeAddress(first);
  const visit = visitor(identity, network);
  const found$ = new Subject<NodeAddress>();
  const seen = new Set<string>([start.id, identity.id]);
  let left = 1;

  /** A network on the internet must not lead us into our own. */
  const isWelcome = ({ host = '' }: NodeAddress): boolean => isLocal(start.host) || !isLocal(host);

  /** Goes on with what a node has told. Completes when that was the last one. */
  const goOn = ({ known = [] }: Visit): void => {
    const more = known.filter((address) => !seen.has(address.id) && isWelcome(address));
    const dialed = more.slice(0, Math.max(max - seen.size + 1, 0));
    for (const { id } of dialed) seen.add(id);
    left += dialed.length - 1;
    for (const address of dialed) found$.next(address);
    if (left === 0) found$.complete();
  };

  const visits$ = found$.pipe(
    onBackpressure(dropNewest(max)),
    rateLimit({ perSecond, burst: 1, excess: 'wait' }),
    boundedMergeMap(visit, { concurrency: connections }),
    tap(goOn),
  );
  const begin$ = defer(() => {
    found$.next(start);
    return EMPTY;
  });
  return merge(visits$, begin$);
}

/** Returns what visits an address: connects, asks for peers once, and disconnects. */
function visitor(identity: Identity, network: string) {
  const switchboard = new Switchboard({ self: identity.id });
  const exchange = switchboard.open({ ...peerExchange, inbound: dropOldest(64) });
  const answer$ = exchange.in$.pipe(ofKind('pexAddrs'));
  const transports = [comet()];
  const self = (): Self =>
    selfOf({
      identity,
      network,
      moniker: 'comet-crawl',
      protocolVersion: { block: 11, app: 0 },
      channels: switchboard.channels,
    });

  return (address: NodeAddress): Observable<Visit> => {
    const failed$ = new Subject<Error>();
    const onFailure = (error: Error): void => failed$.next(error);
    const beganMs = performance.now();
    let seen: Visit = { address };

    const ask = ({ id, nodeInfo: { moniker, version } }: PeerSession): Observable<Visit> => {
      seen = { ...seen, peer: { moniker, version } };
      const asked$ = answer$.pipe(
        mergeMap(({ from: peer, message: { addrs } }) =>
          peer === id ? [{ ...seen, known: addrs.flatMap(addressOf) }] : [],
        ),
      );
      exchange.out.next({ to: id, message: { kind: 'pexRequest' } });
      return asked$;
    };

    const answered$ = of(address).pipe(
      dial({ transports, dialTimeoutMs: 1_000 * wait, onFailure }),
      tap(() => (seen = { ...seen, latencyMs: performance.now() - beganMs })),
      handshake({ self, timeoutMs: 1_000 * wait, onFailure }),
      accept({ switchboard, timeoutMs: 1_000 * wait, onFailure }),
      route(switchboard),
      switchMap((event) => {
        if (event.type === 'up') return ask(event.session);
        return of({ ...seen, why: event.error?.message ?? 'it has disconnected' });
      }),
    );
    const silent$ = timer(3_000 * wait).pipe(map(() => new Error('it does not answer')));
    const unanswered$ = merge(failed$, silent$).pipe(map(({ message: why }) => ({ ...seen, why })));
    // The first outcome unsubscribes from the rest, which disconnects.
    return merge(unanswered$, answered$).pipe(take(1));
  };
}

/** The address, unless it is malformed. */
function addressOf({ id, ip, port }: NetAddress): readonly NodeAddress[] {
  if (port === 0) return [];
  try {
    return [parseNodeAddress(`tcp://${id}@${ip.includes(':') ? `[${ip}]` : ip}:${port}`)];
  } catch {
    return [];
  }
}

const counts = { visited: 0, answered: 0 };

function print({ address, latencyMs, peer, known, why }: Visit): void {
  counts.visited += 1;
  if (known !== undefined) counts.answered += 1;
  const where = formatNodeAddress(address);
  const latency = latencyMs === undefined ? undefined : Math.round(10 * latencyMs) / 10;
  if (isJson) {
    const line = { address: where, ...peer, latencyMs: latency, known: known?.length, why };
    console.log(JSON.stringify(line));
    return;
  }
  const who = peer === undefined ? [] : [`${peer.moniker}, version ${peer.version}`];
  const time = latency === undefined ? [] : [`${latency} ms`];
  const end = why === undefined ? `knows ${known?.length ?? 0}` : `no answer: ${why}`;
  console.log(`${where}: ${[...who, ...time, end].join(', ')}`);
}

const { given, max, connections, perSecond, wait, seconds, isJson } = optionsOf(usage, () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      network: { type: 'string' },
      local: { type: 'boolean', default: false },
      max: { type: 'string', default: '100' },
      connections: { type: 'string', default: '4' },
      'per-second': { type: 'string', default: '4' },
      wait: { type: 'string', default: '10' },
      seconds: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { network, seconds: limit } = values;
  const [address] = positionals;
  if (!values.local && (address === undefined || network === undefined)) {
    throw new Error('an address and --network are needed, or --local');
  }
  return {
    given: values.local ? undefined : { network: network ?? '', addresses: [address ?? ''] },
    max: Math.floor(numberFrom('--max', values.max, 1, 10_000)),
    connections: Math.floor(numberFrom('--connections', values.connections, 1, 32)),
    perSecond: numberFrom('--per-second', values['per-second'], 0.1, 20),
    wait: numberFrom('--wait', values.wait, 1, 60),
    seconds: limit === undefined ? undefined : numberFrom('--seconds', limit, 0.1, 86_400),
    isJson: values.json,
  };
});

const start$: Observable<Start> = given === undefined ? localNetwork(4) : of(given);
const crawled$ = from(Identity.generate()).pipe(
  switchMap((identity) =>
    start$.pipe(switchMap((start) => crawl(identity, start).pipe(materialize()))),
  ),
  // A local network never completes. The crawl does, and with it everything.
  dematerialize(),
  tap(print),
);
await runUntilCtrlC(crawled$, { name: 'comet-crawl', seconds });
const { visited, answered } = counts;
console.log(
  isJson ? JSON.stringify(counts) : `${visited} nodes dialed, ${answered} of these answered`,
);
