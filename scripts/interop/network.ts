import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { cometbft, CometNode, freePort } from './comet-node.ts';
import { temporaryHome } from './validator.ts';

/** A chain of four validators on loopback, each of which knows the others. */
export class Network {
  readonly nodes: readonly [CometNode, CometNode, CometNode, CometNode];
  readonly #home: string;

  private constructor(home: string, nodes: Network['nodes']) {
    this.#home = home;
    this.nodes = nodes;
  }

  static async create(program: string): Promise<Network> {
    const home = temporaryHome();
    const flags = ['--v', '4', '--o', home, '--populate-persistent-peers=false'];
    cometbft(program, 'testnet', ...flags);
    const nodeOf = async (nth: number): Promise<CometNode> => {
      const ports = { p2pPort: await freePort(), rpcPort: await freePort() };
      return new CometNode({ program, home: join(home, `node${nth}`), ...ports });
    };
    const nodes = [await nodeOf(0), await nodeOf(1), await nodeOf(2), await nodeOf(3)] as const;
    return new Network(home, nodes);
  }

  get chainId(): string {
    return this.nodes[0].chainId;
  }

  get addresses(): readonly string[] {
    return this.nodes.map(({ address }) => address);
  }

  /** Starts all of them, and waits until each has a block. */
  async start(): Promise<void> {
    for (const node of this.nodes) {
      const others = this.nodes.filter((other) => other !== node);
      node.launch({ persistent: others.map(({ cometAddress }) => cometAddress) });
    }
    await Promise.all(this.nodes.map((node) => node.hasBlock()));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    rmSync(this.#home, { recursive: true, force: true });
  }
}
