/**
 * Watches a CometBFT network live, as one of its peers: heights and rounds, votes by validator,
 * transactions per second, and the peers found by exchange.
 *
 *     node --conditions=source --import tsx examples/comet-watch.ts \
 *       tcp://<node ID>@127.0.0.1:26656 --network <chain ID>
 *     node --conditions=source --import tsx examples/comet-watch.ts --local --seconds 20
 */
import { parseArgs } from 'node:util';
import {
  bufferTime,
  defer,
  distinctUntilChanged,
  filter,
  finalize,
  from,
  ignoreElements,
  interval,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  scan,
  share,
  startWith,
  switchMap,
  tap,
  withLatestFrom,
} from 'rxjs';
import { createRouter, dropOldest, Identity } from 'rxmesh';
import { ofKind, reply } from 'rxmesh/operators';
import {
  comet,
  consensusState,
  consensusVotes,
  mempool,
  peerExchange,
} from 'rxmesh/transports/comet';
import { localNetwork } from './comet/local.ts';
import { numberFrom, optionsOf, runUntilCtrlC } from './common/program.ts';
import { Screen } from './mesh/screen.ts';

const usage = `usage: comet-watch.ts address --network chain [--seconds n] [--json]
       comet-watch.ts --local [--seconds n] [--json]
  address    of a node: tcp://<node ID>@host:port
  --network  the chain ID
  --local    starts a validator, and gives it transactions; CometBFT must be installed
  --seconds  how long to watch, up to 86400; default: until Ctrl-C
  --json     prints an object a line`;

/** Something that happened, or the figures of a second. */
interface Line {
  readonly what: string;
}

interface Target {
  readonly network: string;
  readonly addresses: readonly string[];
}

const stepNames = [
  'none',
  'new height',
  'new round',
  'propose',
  'prevote',
  'prevote wait',
  'precommit',
  'precommit wait',
  'commit',
];

/** Joins the network while subscribed, and emits what it hears. */
function watch(identity: Identity, { network, addresses }: Target): Observable<Line> {
  const router = createRouter({
    identity,
    network,
    protocolVersion: { block: 11, app: 0 },
    moniker: 'comet-watch',
    transports: [comet()],
    peers: { persistent: addresses.slice(0, 1) },
  });
  // A watcher that falls behind may miss some; it must not hold up the node.
  const inbound = dropOldest(4_096);
  const steps = router.openChannel({ ...consensusState, inbound });
  const votes = router.openChannel({ ...consensusVotes, inbound });
  const pool = router.openChannel({ ...mempool, inbound });
  const exchange = router.openChannel({ ...peerExchange, inbound });

  const newStep$ = steps.in$.pipe(ofKind('newRoundStep'));
  // A node gossips votes and transactions only to peers that say they are where it is.
  newStep$.pipe(reply((step) => step)).subscribe(steps.out);
  router.peers$
    .pipe(
      filter(({ status }) => status === 'up'),
      map(({ id }) => ({ to: id, message: { kind: 'pexRequest' as const } })),
    )
    .subscribe(exchange.out);

  const step$ = newStep$.pipe(
    map(({ message: { height, round, step } }) => ({ what: 'step', height, round, step })),
    distinctUntilChanged((a, b) => JSON.stringify(a) === JSON.stringify(b)),
    map((at) => ({ ...at, step: stepNames[at.step] ?? '?' })),
    share(),
  );
  const vote$ = votes.in$.pipe(
    map(({ message: { vote } }) => ({
      what: vote?.type === 1 ? 'prevote' : 'precommit',
      height: vote?.height,
      validator: hex(vote?.validatorAddress).slice(0, 8),
      block: hex(vote?.blockId?.hash).slice(0, 8) || 'none',
    })),
    share(),
  );
  const transaction$ = pool.in$.pipe(
    mergeMap(({ message: { txs } }) => txs.map(() => ({ what: 'transaction' }))),
  );
  const found$ = exchange.in$.pipe(
    ofKind('pexAddrs'),
    map(({ message: { addrs } }) => ({
      what: 'peers found',
      peers: addrs
        .filter(({ id }) => id !== router.id)
        .map(({ id, ip, port }) => `${id.slice(0, 8)}@${ip}:${port}`),
    })),
    filter(({ peers }) => peers.length > 0),
    share(),
  );
  const known$ = found$.pipe(
    scan((known, { peers }) => new Set([...known, ...peers]), new Set<string>()),
    startWith(new Set<string>()),
  );

  const second$ = merge(vote$, transaction$).pipe(
    bufferTime(1_000),
    withLatestFrom(step$, known$),
    map(([heard, { height, round, step }, known]) => ({
      what: 'second',
      height,
      round,
      step,
      prevotes: heard.filter(({ what }) => what === 'prevote').length,
      precommits: heard.filter(({ what }) => what === 'precommit').length,
      transactions: heard.filter(({ what }) => what === 'transaction').length,
      peers: router.snapshot().peers.length,
      found: known.size,
    })),
  );
  const peer$ = router.peers$.pipe(map(({ id, status }) => ({ what: `peer ${status}`, id })));
  const failure$ = router.events$.pipe(
    filter((event) => event.type === 'dial-failed' || event.type === 'connection-refused'),
    map(({ error }) => ({ what: 'not connected', why: error.message })),
  );
  const started$ = defer(() => router.start()).pipe(ignoreElements());
  return merge(peer$, failure$, step$, vote$, found$, second$, started$).pipe(
    finalize(() => void router.stop()),
  );
}

/** A validator of our own, which gets three transactions a second. */
function local(): Observable<Target> {
  return localNetwork(1).pipe(
    switchMap((network) => {
      const given$ = interval(333).pipe(
        switchMap((n) => network.rpc(`broadcast_tx_async?tx="n=${n}"`)),
        ignoreElements(),
      );
      return merge(of(network), given$);
    }),
  );
}

const screen = new Screen();

function print({ what, ...rest }: Line): void {
  const parts = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`);
  const line = `${what}: ${parts.join(', ')}`;
  if (isJson) console.log(JSON.stringify({ what, ...rest }));
  else if (what === 'second') screen.draw([line], line);
  else screen.tell(line);
}

function hex(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

const { target, seconds, isJson } = optionsOf(usage, () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      network: { type: 'string' },
      local: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { network } = values;
  const [address] = positionals;
  const limit = values.seconds;
  const common = {
    seconds: limit === undefined ? undefined : numberFrom('--seconds', limit, 0.1, 86_400),
    isJson: values.json,
  };
  if (values.local) return { target: undefined, ...common };
  if (address !== undefined && network !== undefined) {
    return { target: { network, addresses: [address] }, ...common };
  }
  throw new Error('an address and --network are needed, or --local');
});

const watched$ = from(Identity.generate()).pipe(
  switchMap((identity) =>
    (target === undefined ? local() : of(target)).pipe(switchMap((to) => watch(identity, to))),
  ),
  tap(print),
);
await runUntilCtrlC(watched$, { name: 'comet-watch', seconds });
