/** The page of comet-gateway.ts: a node that dials the gateway, and lists what it hears. */
import { createRouter, Identity, logTo } from 'rxmesh';
import { webSocket } from 'rxmesh/transports/websocket';
import { newsNetwork, precommits, type Precommit } from '../news.ts';

const shownMax = 20;
const { node = '' } = document.body.dataset;
const list = document.querySelector('#precommits');

function show({ height, round, validator, block }: Precommit): void {
  const item = document.createElement('li');
  item.textContent = `height ${height}, round ${round}: ${validator} for ${block}`;
  list?.prepend(item);
  while ((list?.children.length ?? 0) > shownMax) list?.lastElementChild?.remove();
}

async function main(): Promise<void> {
  const router = createRouter({
    identity: await Identity.generate(),
    network: newsNetwork,
    moniker: 'page',
    transports: [webSocket()],
    peers: { persistent: [`ws://${node}@${location.host}/mesh`] },
  });
  router.events$.subscribe(logTo(console));
  router.openChannel(precommits).in$.subscribe(({ message }) => show(message));
  await router.start();
}

void main();
