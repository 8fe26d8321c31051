import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cometbft, CometNode, freePort, type Settings } from './comet-node.ts';

/** A folder of its own. */
export function temporaryHome(): string {
  return mkdtempSync(join(tmpdir(), 'rxmesh-interop-'));
}

/** The longest blocks, in bytes: 21 MiB, CometBFT's default before v1. */
const blockBytesMax = 22_020_096;

/** A chain of a single CometBFT validator on loopback. It makes a block a second. */
export class Validator extends CometNode {
  /** @param settings lines of its `config.toml` */
  static async create(program: string, settings: Settings = {}): Promise<Validator> {
    const home = temporaryHome();
    cometbft(program, 'init', '--home', home);
    const genesis = join(home, 'config', 'genesis.json');
    // The first `max_bytes` is that of blocks.
    const text = readFileSync(genesis, 'utf8').replace(
      /("max_bytes": )"\d+"/,
      `$1"${blockBytesMax}"`,
    );
    writeFileSync(genesis, text);
    const ports = { p2pPort: await freePort(), rpcPort: await freePort() };
    return new Validator({ program, home, ...ports }, settings);
  }
}

/** A node of somebody's chain that knows nobody and is not a validator. */
export async function newcomerOf(
  program: string,
  { genesisFile }: CometNode,
  settings: Settings = {},
): Promise<CometNode> {
  const home = temporaryHome();
  cometbft(program, 'init', '--home', home);
  copyFileSync(genesisFile, join(home, 'config', 'genesis.json'));
  const ports = { p2pPort: await freePort(), rpcPort: await freePort() };
  return new CometNode({ program, home, ...ports }, settings);
}
