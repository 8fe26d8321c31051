import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a node may take until it has a block. */
const startMs = 120_000;

/** Lines of `config.toml` that differ from what CometBFT writes into it. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Several nodes on loopback may know each other, and nothing slows messages down. */
const loopback: Settings = {
  addr_book_strict: false,
  allow_duplicate_ip: true,
  send_rate: 1_000_000_000,
  recv_rate: 1_000_000_000,
  max_body_bytes: 8_000_000,
  // A busy machine takes its time.
  timeout_propose: '20s',
};

/** The peers in a node's configuration. */
export interface StartOptions {
  /** As `id@host:port`, dialed for ever. */
  readonly persistent?: readonly string[];
  /** As `id@host:port`, asked for addresses. */
  readonly seeds?: readonly string[];
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Runs a command of CometBFT to its end. Returns what it has printed. */
export function cometbft(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Where a CometBFT node lives. */
export interface CometHome {
  readonly program: string;
  /** A folder with a configuration, such as `cometbft init` makes. */
  readonly home: string;
  readonly p2pPort: number;
  readonly rpcPort: number;
}

/** A CometBFT node on loopback, with its own key-value store. */
export class CometNode {
  readonly id: string;
  readonly chainId: string;
  readonly p2pPort: number;
  readonly rpcPort: number;
  readonly home: string;
  readonly #program: string;
  #process: ChildProcess | undefined;
  /** What it has logged. */
  log = '';

  constructor({ program, home, p2pPort, rpcPort }: CometHome, settings: Settings = {}) {
    this.#program = program;
    this.home = home;
    this.p2pPort = p2pPort;
    this.rpcPort = rpcPort;
    configure(join(home, 'config', 'config.toml'), { ...loopback, ...settings });
    this.id = cometbft(program, 'show-node-id', '--home', home).trim();
    const genesis: unknown = JSON.parse(readFileSync(this.genesisFile, 'utf8'));
    this.chainId = (genesis as { chain_id: string }).chain_id;
  }

  get genesisFile(): string {
    return join(this.home, 'config', 'genesis.json');
  }

  /** Where rxmesh dials it. */
  get address(): string {
    return `tcp://${this.cometAddress}`;
  }

  /** Of its process. 0 if it does not run. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** The same, as of a chain with this node alone. */
  get addresses(): readonly string[] {
    return [this.address];
  }

  /** Where CometBFT dials it: `id@host:port`. */
  get cometAddress(): string {
    return `${this.id}@127.0.0.1:${this.p2pPort}`;
  }

  /** Starts it, and waits for its first block. */
  async start(options: StartOptions = {}): Promise<void> {
    this.launch(options);
    await this.hasBlock();
  }

  /** Starts it, and does not wait. */
  launch({ persistent = [], seeds = [] }: StartOptions = {}): void {
    const flags = [
      ['--home', this.home],
      ['--proxy_app', 'kvstore'],
      ['--p2p.laddr', `tcp://127.0.0.1:${this.p2pPort}`],
      ['--rpc.laddr', `tcp://127.0.0.1:${this.rpcPort}`],
      ['--p2p.persistent_peers', persistent.join(',')],
      ['--p2p.seeds', seeds.join(',')],
    ];
    const child = spawn(this.#program, ['node', ...flags.flat()]);
    this.#process = child;
    const note = (text: Buffer): void => {
      this.log += text.toString();
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
  }

  /** Waits until it has a block. */
  async hasBlock(): Promise<void> {
    const endMs = performance.now() + startMs;
    while (performance.now() < endMs) {
      const status = await this.rpc<{ sync_info: { latest_block_height: string } }>('status').catch(
        () => undefined,
      );
      if (Number(status?.sync_info.latest_block_height ?? 0) > 0) return;
      if (this.#process?.exitCode != null) {
        throw new Error(`CometBFT has ended:\n${this.log.slice(-2000)}`);
      }
      await sleep(250);
    }
    throw new Error(`CometBFT has no blocks:\n${this.log.slice(-2000)}`);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGTERM');
    const patience = new AbortController();
    const killed = sleep(5_000, undefined, { signal: patience.signal }).then(
      () => child.kill('SIGKILL'),
      () => false,
    );
    await Promise.race([once(child, 'exit'), killed]);
    patience.abort();
  }

  /** Asks its RPC, with the parameters in the path or, if they are long, as an object. */
  async rpc<T>(path: string, params?: Readonly<Record<string, string>>): Promise<T> {
    const url = `http://127.0.0.1:${this.rpcPort}/${params === undefined ? path : ''}`;
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: path, params });
    const response = await fetch(url, params && { method: 'POST', body });
    const answer = (await response.json()) as { result?: T; error?: unknown };
    if (answer.result === undefined) throw new Error(`${path}: ${JSON.stringify(answer.error)}`);
    return answer.result;
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}

function configure(file: string, settings: Settings): void {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => {
      const [, name = ''] = /^([a-z_]+) = /.exec(line) ?? [];
      const value = settings[name];
      return value === undefined ? line : `${name} = ${JSON.stringify(value)}`;
    });
  writeFileSync(file, lines.join('\n'));
}
