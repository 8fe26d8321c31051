/**
 * A gateway from a CometBFT network to web pages. It is a peer of the chain, and a node of a
 * network of its own over WebSocket. It forwards to the pages what validators commit to: the
 * precommits of the chain, filtered and shrunk.
 *
 *     node --conditions=source --import tsx examples/comet-gateway.ts --local
 *     node --conditions=source --import tsx examples/comet-gateway.ts \
 *       tcp://<node ID>@127.0.0.1:26656 --network <chain ID> --port 4000
 *
 * Then open the address that it prints. The page is examples/comet/page, bundled with esbuild.
 */
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import {
  defer,
  EMPTY,
  filter,
  finalize,
  from,
  ignoreElements,
  map,
  merge,
  type Observable,
  of,
  switchMap,
  tap,
} from 'rxjs';
import { createRouter, dropOldest, Identity, type Router } from 'rxmesh';
import { broadcast, dedupe, ofKind, pipeTo, reply } from 'rxmesh/operators';
import { comet, consensusState, consensusVotes, type Vote } from 'rxmesh/transports/comet';
import { webSocket } from 'rxmesh/transports/websocket';
import { localNetwork } from './comet/local.ts';
import { newsNetwork, type Precommit, precommits } from './comet/news.ts';
import { numberFrom, optionsOf, runUntilCtrlC } from './common/program.ts';
import { servePage, type WebPage } from './common/web-page.ts';

const usage = `usage: comet-gateway.ts address --network chain [--port n] [--seconds n]
       comet-gateway.ts --local [--port n] [--seconds n]
  address    of a node: tcp://<node ID>@host:port
  --network  the chain ID
  --local    starts four validators; CometBFT must be installed
  --port     of the page, on 127.0.0.1; default: any free one
  --seconds  how long to run, up to 86400; default: until Ctrl-C`;

interface Target {
  readonly network: string;
  readonly addresses: readonly string[];
}

/** A node of both networks, with the same identity, while subscribed. */
function gateway(identity: Identity, { network, addresses }: Target): Observable<never> {
  const chain = createRouter({
    identity,
    network,
    protocolVersion: { block: 11, app: 0 },
    moniker: 'comet-gateway',
    transports: [comet()],
    peers: { persistent: addresses },
  });
  const server = createServer();
  const pages = createRouter({
    identity,
    network: newsNetwork,
    moniker: 'comet-gateway',
    transports: [webSocket({ listen: { server, path: '/mesh' } })],
  });

  const steps = chain.openChannel({ ...consensusState, inbound: dropOldest(256) });
  const votes = chain.openChannel({ ...consensusVotes, inbound: dropOldest(1_024) });
  const news = pages.openChannel(precommits);
  // A node gossips votes only to peers that say they are where it is.
  steps.in$
    .pipe(
      ofKind('newRoundStep'),
      reply((step) => step),
    )
    .subscribe(steps.out);

  const forwarded$ = votes.in$.pipe(
    map(({ message: { vote } }) => vote),
    filter((vote) => vote !== undefined),
    filter(isForABlock),
    map(newsOf),
    // Each peer of ours may tell the same.
    dedupe({
      max: 4_096,
      key: ({ height, round, validator }) => `${height} ${round} ${validator}`,
    }),
    broadcast(),
    // A page that falls behind misses some. It holds up neither the chain nor other pages.
    pipeTo(news, { buffer: dropOldest(256) }),
    ignoreElements(),
  );

  const peer$ = merge(peersOf(chain, network), peersOf(pages, newsNetwork));
  const running$ = merge(forwarded$, peer$.pipe(ignoreElements()));
  const started$ = defer(async () => {
    await chain.start();
    const url = await servePage(server, newsPage(identity), port);
    await pages.start();
    console.log(`open ${url}`);
  });
  return merge(running$, started$.pipe(switchMap(() => EMPTY))).pipe(
    finalize(() => {
      void chain.stop();
      void pages.stop().then(() => server.close());
    }),
  );
}

function isForABlock({ type, blockId }: Vote): boolean {
  return type === 2 && (blockId?.hash.length ?? 0) > 0;
}

function newsOf({ height, round, validatorAddress, blockId }: Vote): Precommit {
  const [validator, block] = [hex(validatorAddress), hex(blockId?.hash)];
  return { height, round, validator, block };
}

function hex(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString('hex').slice(0, 8).toUpperCase();
}

function peersOf(router: Router, network: string): Observable<unknown> {
  return router.peers$.pipe(
    tap(({ id, status }) => console.log(`${network}: ${id.slice(0, 8)} is ${status}`)),
  );
}

/** What shows the news in a browser. */
function newsPage({ id }: Identity): WebPage {
  return {
    title: 'precommits',
    node: id,
    program: new URL('comet/page/main.ts', import.meta.url),
    html: '<h1>Precommits</h1><ol id="precommits"></ol>',
  };
}

const { target, port, seconds } = optionsOf(usage, () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      network: { type: 'string' },
      local: { type: 'boolean', default: false },
      port: { type: 'string', default: '0' },
      seconds: { type: 'string' },
    },
  });
  const { network, seconds: limit, local } = values;
  const [address] = positionals;
  const common = {
    port: numberFrom('--port', values.port, 0, 65_535),
    seconds: limit === undefined ? undefined : numberFrom('--seconds', limit, 0.1, 86_400),
  };
  if (local) return { target: undefined, ...common };
  if (address !== undefined && network !== undefined) {
    return { target: { network, addresses: [address] }, ...common };
  }
  throw new Error('an address and --network are needed, or --local');
});

const target$: Observable<Target> = target === undefined ? localNetwork(4) : of(target);
const running$ = from(Identity.generate()).pipe(
  switchMap((identity) => target$.pipe(switchMap((to) => gateway(identity, to)))),
);
await runUntilCtrlC(running$, { name: 'comet-gateway', seconds });
