/** The process of one node of the mesh. `examples/mesh.ts` starts it, and tells it what to do. */
import { interval, type Subscription } from 'rxjs';
import { RxmeshError } from 'rxmesh';
import { MeshNode } from './mesh-node.ts';
import type { NodeSettings, Order, Report } from './messages.ts';

const totalsMs = 250;

let node: MeshNode | undefined;
let totals: Subscription | undefined;

// Without the parent, however it ended, there is nobody to work for.
const parentIsGone = (): void => process.exit(1);
process.once('disconnect', parentIsGone);
if (!process.connected) parentIsGone();

process.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => {
    if (!(error instanceof RxmeshError)) throw error;
    tell({ type: 'failed', text: error.message });
  });
});
tell({ type: 'ready' });

async function obey(order: Order): Promise<void> {
  if (order.type === 'start') await start(order.settings);
  if (node === undefined) return;
  if (order.type === 'finish') {
    await node.finish();
    tell({ type: 'finished' });
  }
  if (order.type === 'stop') {
    totals?.unsubscribe();
    await node.stop();
    process.off('disconnect', parentIsGone);
  }
  if (order.type === 'account') tell({ type: 'account', account: node.account });
  if (order.type === 'stop') {
    // Once this has been written, the process ends by itself: a router that was stopped leaves
    // nothing behind.
    tell({ type: 'account', account: node.account }, () => {
      if (process.connected) process.disconnect();
    });
  }
}

async function start(settings: NodeSettings): Promise<void> {
  const begun = new MeshNode(settings);
  node = begun;
  begun.peers$.subscribe((change) => tell({ type: 'peer', ...change }));
  totals = interval(totalsMs).subscribe(() => tell({ type: 'totals', ...begun.totals }));
  await begun.start();
  if (settings.isInspected) tell({ type: 'inspector', url: await begun.inspect() });
}

function tell(report: Report, written: () => void = () => undefined): void {
  process.send?.(report, written);
}
