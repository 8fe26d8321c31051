/** Asks a CometBFT node for one block over and over, and tells its parent what came of it. */
import { setTimeout as wait } from 'node:timers/promises';
import { filter } from 'rxjs';
import { type Channel, raw } from 'rxmesh';
import { blockSync } from 'rxmesh/transports/comet';
import { connected, type Node } from '../interop/node.ts';
import type { Answers, Task } from './task.ts';

/** How many questions are out at a time: half of what CometBFT queues of the answers. */
const questions = 500;

/** How answers begin: with a block, or with the height of one that is not there. */
const answerTags: readonly (number | undefined)[] = [0x1a, 0x12];

async function ask({ network, address, height, seconds }: Task): Promise<Answers> {
  const to = { chainId: network, addresses: [address] };
  const question = blockSync.codec.encode({ kind: 'blockRequest', height });
  // What an answer says is not decoded: this is about the wire.
  let sync: Channel<Uint8Array> | undefined;
  const open = ({ router }: Node): void => {
    sync = router.openChannel({ ...blockSync, codec: raw() });
  };
  const work = async ({ router }: Node): Promise<Answers> => {
    const [peer] = router.snapshot().peers;
    if (peer === undefined || sync === undefined) throw new Error('it is not connected');
    const { out, in$ } = sync;
    const found = { count: 0, bytes: 0 };
    const next = (): void => out.next({ to: peer.id, message: question });
    in$.pipe(filter(({ message: [tag] }) => answerTags.includes(tag))).subscribe(({ message }) => {
      found.count += 1;
      found.bytes += message.length;
      next();
    });
    const [beganMs, beganCpu] = [performance.now(), process.cpuUsage()];
    for (let asked = 0; asked < questions; asked += 1) next();
    await wait(seconds * 1_000);
    const { user, system } = process.cpuUsage(beganCpu);
    return { ...found, ms: performance.now() - beganMs, cpuMs: (user + system) / 1_000 };
  };
  return connected(to, work, open);
}

process.send?.(await ask(JSON.parse(process.argv[2] ?? '{}') as Task));
process.disconnect();
