/**
 * Watches a CometBFT network live, as one of its peers: heights and rounds, votes by validator,
 * transactions per second, and the peers found by exchange.
 *
 *     node --conditions=source --import tsx examples/comet-watch.ts \
 *       tcp://<node ID>@127.0.0.1:26656 --network <chain ID> --seconds 60
 */
import { parseArgs } from 'node:util';
import {
  bufferTime,
  distinctUntilChanged,
  filter,
  fromEvent,
  lastValueFrom,
  map,
  merge,
  NEVER,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { createRouter, dropOldest, Identity, RxmeshError } from 'rxmesh';
import { ofKind, reply } from 'rxmesh/operators';
import {
  comet,
  consensusState,
  consensusVotes,
  mempool,
  peerExchange,
} from 'rxmesh/transports/comet';

const usage = `usage: comet-watch.ts address --network chain [--seconds n] [--json]
  address    of a node: tcp://<node ID>@host:port
  --network  the chain ID
  --seconds  how long to watch; default: until Ctrl-C
  --json     prints an object a line`;

const { address, network, seconds, isJson } = options();

const router = createRouter({
  identity: await Identity.generate(),
  network,
  protocolVersion: { block: 11, app: 0 },
  moniker: 'comet-watch',
  transports: [comet()],
  peers: { persistent: [address] },
});

// A watcher that falls behind may miss some; it must not hold up the node.
const inbound = dropOldest(4_096);
const steps = router.openChannel({ ...consensusState, inbound });
const votes = router.openChannel({ ...consensusVotes, inbound });
const pool = router.openChannel({ ...mempool, inbound });
const exchange = router.openChannel({ ...peerExchange, inbound });

const stepNames = ['', 'new height', 'new round', 'propose', 'prevote', 'prevote wait'];
stepNames.push('precommit', 'precommit wait', 'commit');

const step$ = steps.in$.pipe(ofKind('newRoundStep'));
// A node gossips votes and transactions only to peers that say they are where it is.
step$.pipe(reply((step) => step)).subscribe(steps.out);

const up$ = router.peers$.pipe(filter(({ status }) => status === 'up'));
up$
  .pipe(map(({ id }) => ({ to: id, message: { kind: 'pexRequest' as const } })))
  .subscribe(exchange.out);

const round$ = step$.pipe(
  map(({ message: { height, round, step } }) => ({ height, round, step: stepNames[step] ?? '?' })),
  distinctUntilChanged((a, b) => JSON.stringify(a) === JSON.stringify(b)),
  map((at) => ({ what: 'step', ...at })),
);
const vote$ = votes.in$.pipe(
  map(({ message: { vote } }) => ({
    what: vote?.type === 1 ? 'prevote' : 'precommit',
    height: vote?.height,
    validator: hex(vote?.validatorAddress).slice(0, 8),
    block: hex(vote?.blockId?.hash).slice(0, 8) || 'none',
  })),
);
const rate$ = pool.in$.pipe(
  map(({ message: { txs } }) => txs.length),
  bufferTime(1_000),
  map((counts) => counts.reduce((sum, count) => sum + count, 0)),
  filter((count) => count > 0),
  map((count) => ({ what: 'transactions in a second', count })),
);
const found$ = exchange.in$.pipe(
  ofKind('pexAddrs'),
  map(({ message: { addrs } }) => ({
    what: 'peers found',
    peers: addrs.map(({ id, ip, port }) => `${id.slice(0, 8)}@${ip}:${port}`),
  })),
);
const peer$ = router.peers$.pipe(map(({ id, status }) => ({ what: `peer ${status}`, id })));
const failure$ = router.events$.pipe(
  filter((event) => event.type === 'dial-failed' || event.type === 'connection-refused'),
  map(({ error }) => ({ what: 'not connected', why: error.message })),
);

const end$ = merge(
  fromEvent(process, 'SIGINT'),
  seconds === undefined ? NEVER : timer(seconds * 1_000),
);
const watching = lastValueFrom(
  merge(peer$, failure$, round$, vote$, rate$, found$).pipe(tap(print), takeUntil(end$)),
  { defaultValue: undefined },
);
await router.start().catch(fail);
await watching;
await router.stop();

function print(line: { readonly what: string }): void {
  if (isJson) {
    console.log(JSON.stringify(line));
    return;
  }
  const { what, ...rest } = line;
  const parts = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`);
  console.log(`${what}: ${parts.join(', ')}`);
}

function hex(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        network: { type: 'string' },
        seconds: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const [given] = positionals;
    if (given === undefined || values.network === undefined) {
      throw new Error('an address and --network are needed');
    }
    const limit = values.seconds === undefined ? undefined : Number(values.seconds);
    if (limit !== undefined && !(limit > 0)) throw new Error('--seconds is a number above 0');
    return { address: given, network: values.network, seconds: limit, isJson: values.json };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

function fail(error: unknown): never {
  if (!(error instanceof RxmeshError)) throw error;
  console.error(`comet-watch: ${error.message}`);
  process.exit(1);
}
