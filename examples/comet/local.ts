import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Observable } from 'rxjs';

/** CometBFT nodes on loopback: validators of one chain, with a key-value store each. */
export interface LocalNetwork {
  /** The chain ID. */
  readonly network: string;
  /** Where each node is dialed: `tcp://<node ID>@127.0.0.1:port`. */
  readonly addresses: readonly string[];
  /** Asks the RPC of the first node, such as `status`. */
  rpc(path: string): Promise<unknown>;
}

/** How long nodes get to make their first block, and to end. */
const [startMs, endMs] = [60_000, 5_000];

/**
 * Starts a network of this many nodes, each of which knows only the next one. Emits once it makes
 * blocks, and never completes. Unsubscribing ends the nodes and removes their files. Errors if
 * CometBFT is not installed, or a node ends by itself.
 */
export function localNetwork(count: number): Observable<LocalNetwork> {
  return new Observable((subscriber) => {
    const nodes = new Nodes((error) => subscriber.error(error));
    nodes.start(count).then(
      (network) => subscriber.next(network),
      (error: unknown) => subscriber.error(error),
    );
    return () => void nodes.end();
  });
}

class Nodes {
  readonly #onEnd: (error: Error) => void;
  readonly #children: ChildProcess[] = [];
  #home: string | undefined;
  #isEnding = false;
  #log = '';

  constructor(onEnd: (error: Error) => void) {
    this.#onEnd = onEnd;
    process.once('exit', this.#kill);
  }

  async start(count: number): Promise<LocalNetwork> {
    const program = cometbft();
    const home = mkdtempSync(join(tmpdir(), 'comet-local-'));
    this.#home = home;
    const layout = ['--v', String(count), '--o', home, '--populate-persistent-peers=false'];
    execFileSync(program, ['testnet', ...layout], { stdio: 'ignore' });
    const ports = await freePorts(2 * count);
    const directories = ports.slice(0, count).map((_, nth) => join(home, `node${nth}`));
    const at = directories.map((directory, nth) => {
      const id = execFileSync(program, ['show-node-id', '--home', directory], { encoding: 'utf8' });
      return `${id.trim()}@127.0.0.1:${ports[nth] ?? 0}`;
    });
    for (const [nth, directory] of directories.entries()) {
      allowLoopback(join(directory, 'config', 'config.toml'));
      const rpc = `tcp://127.0.0.1:${ports[count + nth] ?? 0}`;
      const flags = ['--proxy_app', 'kvstore', '--p2p.laddr', `tcp://${at[nth]?.split('@')[1]}`];
      const known = ['--rpc.laddr', rpc, '--p2p.persistent_peers', at[nth + 1] ?? ''];
      this.#spawn(program, ['node', '--home', directory, ...flags, ...known]);
    }
    const rpc = (path: string): Promise<unknown> => ask(`http://127.0.0.1:${ports[count]}/${path}`);
    await this.#untilBlocks(rpc);
    const genesis = readFileSync(join(home, 'node0', 'config', 'genesis.json'), 'utf8');
    const { chain_id: network } = JSON.parse(genesis) as { chain_id: string };
    return { network, addresses: at.map((each) => `tcp://${each}`), rpc };
  }

  /** Ends the nodes. Resolves when they have ended and their files are removed. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const child of this.#children) child.kill('SIGTERM');
    const late = setTimeout(this.#kill, endMs);
    await Promise.all(this.#children.map(gone));
    clearTimeout(late);
    process.off('exit', this.#kill);
    if (this.#home !== undefined) rmSync(this.#home, { recursive: true, force: true });
  }

  readonly #kill = (): void => {
    for (const child of this.#children) child.kill('SIGKILL');
  };

  #spawn(program: string, args: readonly string[]): void {
    if (this.#isEnding) return;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.push(child);
    const note = (text: Buffer): void => {
      this.#log = (this.#log + text.toString()).slice(-2_000);
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    child.once('error', this.#onEnd);
    child.once('exit', () => {
      if (!this.#isEnding) this.#onEnd(new Error(`a CometBFT node has ended:\n${this.#log}`));
    });
  }

  async #untilBlocks(rpc: LocalNetwork['rpc']): Promise<void> {
    for (const limit = performance.now() + startMs; performance.now() < limit;) {
      const height = await rpc('status').then(heightOf, () => 0);
      if (height > 0 || this.#isEnding) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`CometBFT makes no blocks:\n${this.#log}`);
  }
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await once(child, 'exit');
}

/** @throws {Error} with what to do about it, if there is none */
function cometbft(): string {
  const { COMETBFT, PATH = '', GOBIN = join(homedir(), 'go', 'bin') } = process.env;
  // The last one is where `npm run test:interop` of this repository installs it.
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'rxmesh-interop');
  const cached = existsSync(cache) ? readdirSync(cache).map((name) => join(cache, name)) : [];
  const places = [...PATH.split(delimiter), GOBIN, ...cached];
  const found = [COMETBFT ?? '', ...places.map((place) => join(place, 'cometbft'))].find(
    (path) => path !== '' && existsSync(path),
  );
  if (found !== undefined) return found;
  throw new Error(`CometBFT is not installed. Go installs it:
  go install github.com/cometbft/cometbft/cmd/cometbft@v0.38.26
If it is elsewhere, name the program in COMETBFT.`);
}

/** Lets several peers have the address of this machine. */
function allowLoopback(file: string): void {
  const config = readFileSync(file, 'utf8')
    .replace('addr_book_strict = true', 'addr_book_strict = false')
    .replace('allow_duplicate_ip = false', 'allow_duplicate_ip = true');
  writeFileSync(file, config);
}

/** Ports that are free now. All are held until the last one is found, so they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function ask(url: string): Promise<unknown> {
  const answer = (await (await fetch(url)).json()) as { result?: unknown; error?: unknown };
  if (answer.result === undefined) throw new Error(`${url}: ${JSON.stringify(answer.error)}`);
  return answer.result;
}

function heightOf(status: unknown): number {
  const { sync_info: info } = status as { sync_info: { latest_block_height: string } };
  return Number(info.latest_block_height);
}
