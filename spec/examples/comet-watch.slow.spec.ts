import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createRouter, Identity, type Router } from 'rxmesh';
import {
  comet,
  consensusState,
  consensusVotes,
  mempool,
  peerExchange,
} from 'rxmesh/transports/comet';
import { endAll, run } from './program.ts';

const routers: Router[] = [];

afterEach(async () => {
  await endAll();
  await Promise.all(routers.splice(0).map((router) => router.stop()));
});

/** A node that plays a validator: it tells each peer that comes up where it is. */
async function validator(): Promise<string> {
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'test-chain',
    protocolVersion: { block: 11, app: 0 },
    transports: [comet({ listen: { host: '127.0.0.1' } })],
  });
  routers.push(router);
  const steps = router.openChannel(consensusState);
  const votes = router.openChannel(consensusVotes);
  const pool = router.openChannel(mempool);
  const exchange = router.openChannel(peerExchange);
  exchange.in$.subscribe(({ from: to }) => {
    const addrs = [{ id: 'ab'.repeat(20), ip: '203.0.113.7', port: 26_656 }];
    exchange.out.next({ to, message: { kind: 'pexAddrs', addrs } });
  });
  // It gossips only to a peer that is where it is.
  steps.in$.subscribe(({ from: to }) => {
    const none = new Uint8Array();
    const vote = {
      type: 2,
      height: 7,
      round: 0,
      validatorAddress: new Uint8Array(20).fill(0xfe),
      validatorIndex: 0,
      signature: none,
      extension: none,
      extensionSignature: none,
    };
    votes.out.next({ to, message: { kind: 'vote', vote } });
    pool.out.next({ to, message: { kind: 'txs', txs: [Uint8Array.of(1), Uint8Array.of(2)] } });
  });
  router.peers$.subscribe(({ id: to, status }) => {
    if (status !== 'up') return;
    const at = { height: 7, round: 0, step: 6, secondsSinceStartTime: 1, lastCommitRound: 0 };
    steps.out.next({ to, message: { kind: 'newRoundStep', ...at } });
  });
  await router.start();
  return router.addresses[0] ?? '';
}

describe('examples/comet-watch.ts', () => {
  it('shows steps, votes, transactions and peers, and ends at Ctrl-C', async () => {
    const watch = run('comet-watch.ts', await validator(), '--network', 'test-chain');
    await watch.prints(/^peer up: id [0-9a-f]{40}$/m);
    await watch.prints(/^step: height 7, round 0, step precommit$/m);
    await watch.prints(/^precommit: height 7, validator FEFEFEFE, block none$/m);
    await watch.prints(/^peers found: peers abababab@203\.0\.113\.7:26656$/m);
    await watch.prints(/^second: height 7, .*transactions 2, peers 1, found [01]$/m);
    watch.kill('SIGINT');
    expect(await watch.ended).toBe(0);
  });

  it('says in one line why it is not connected', async () => {
    const watch = run('comet-watch.ts', await validator(), '--network', 'other', '--json');
    const output = await watch.prints(/not connected/);
    expect(output).toContain('peer is on network \\"test-chain\\", this node on \\"other\\"');
    watch.kill('SIGINT');
    expect(await watch.ended).toBe(0);
  });

  it('says how to install CometBFT where --local does not find it', () => {
    const flags = ['--conditions=source', '--import', 'tsx', 'examples/comet-watch.ts', '--local'];
    const env = { HOME: '/nowhere', PATH: '/nowhere' };
    const { status, stderr } = spawnSync(process.execPath, flags, { env, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^comet-watch: CometBFT is not installed\. Go installs it:\n/);
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/);
  });
});
