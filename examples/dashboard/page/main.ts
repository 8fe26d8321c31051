/** The page of dashboard.ts: a node that dials the collector, and draws what it hears. */
import { createRouter, Identity, logTo, type NodeId, parseNodeId } from 'rxmesh';
import { webSocket } from 'rxmesh/transports/websocket';
import { dashboardNetwork, slowness, type View, views } from '../telemetry.ts';
import { Card, make } from './card.ts';

const collector: NodeId = parseNodeId(document.body.dataset['node'] ?? '');
const cards = new Map<string, Card>();

const slow = make('button', 'slow', 'Slow consumer');
slow.setAttribute('aria-pressed', 'false');
const sums = make('p', 'sums', 'waiting for the collector');
sums.setAttribute('role', 'status');
const list = make('div', 'cards');
const head = make('header', 'top');
head.append(make('h1', 'title', 'Telemetry'), slow, sums);
document.querySelector('#dashboard')?.append(head, list);

function show({ isSlow, producers }: View): void {
  const atMs = performance.now();
  slow.setAttribute('aria-pressed', String(isSlow));
  for (const producer of producers) cardOf(producer.id, producer.name).show(producer, atMs);
  const sum = (name: 'made' | 'taken' | 'missing'): string =>
    producers.reduce((all, each) => all + each[name], 0).toLocaleString('en');
  const pace = isSlow ? 'The consumer takes ten samples a second.' : 'The consumer keeps up.';
  sums.textContent = `${pace} Made ${sum('made')}, taken ${sum('taken')}, missing ${sum('missing')}.`;
}

function cardOf(id: string, name: string): Card {
  const known = cards.get(id);
  if (known !== undefined) return known;
  const card = new Card(name);
  cards.set(id, card);
  // Sorted by name, not in the order of connecting.
  const others = [...list.querySelectorAll<HTMLElement>('.card')];
  const next = others.find(({ dataset }) => name.localeCompare(dataset['name'] ?? '') < 0);
  list.insertBefore(card.element, next ?? null);
  return card;
}

async function main(): Promise<void> {
  const router = createRouter({
    identity: await Identity.generate(),
    network: dashboardNetwork,
    moniker: 'page',
    transports: [webSocket()],
    peers: { persistent: [`ws://${collector}@${location.host}/mesh`] },
  });
  router.events$.subscribe(logTo(console));
  router.openChannel(views).in$.subscribe(({ message }) => show(message));
  const switching = router.openChannel(slowness);
  slow.addEventListener('click', () => {
    const message = slow.getAttribute('aria-pressed') !== 'true';
    switching.out.next({ to: collector, message });
  });
  await router.start();
}

void main();
