import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A chain of a single CometBFT validator on loopback, with its own key-value store. */
export class Validator {
  readonly id: string;
  readonly chainId: string;
  readonly p2pPort: number;
  readonly rpcPort: number;
  readonly #program: string;
  readonly #home: string;
  #process: ChildProcess | undefined;
  /** What it has logged. */
  log = '';

  private constructor(program: string, p2pPort: number, rpcPort: number) {
    this.#program = program;
    this.p2pPort = p2pPort;
    this.rpcPort = rpcPort;
    this.#home = mkdtempSync(join(tmpdir(), 'rxmesh-interop-'));
    this.#cometbft('init');
    // So that several peers may have the address of this machine.
    const file = join(this.#home, 'config', 'config.toml');
    const config = readFileSync(file, 'utf8')
      .replace('addr_book_strict = true', 'addr_book_strict = false')
      .replace('allow_duplicate_ip = false', 'allow_duplicate_ip = true');
    writeFileSync(file, config);
    this.id = this.#cometbft('show-node-id').trim();
    const genesis: unknown = JSON.parse(
      readFileSync(join(this.#home, 'config', 'genesis.json'), 'utf8'),
    );
    this.chainId = (genesis as { chain_id: string }).chain_id;
  }

  static async create(program: string): Promise<Validator> {
    return new Validator(program, await freePort(), await freePort());
  }

  /** Where it is dialed. */
  get address(): string {
    return `tcp://${this.id}@127.0.0.1:${this.p2pPort}`;
  }

  /** Starts it, and waits for its first block. @param peers as `id@host:port`, to be dialed */
  async start(peers: readonly string[] = []): Promise<void> {
    const flags = [
      ['--home', this.#home],
      ['--proxy_app', 'kvstore'],
      ['--p2p.laddr', `tcp://127.0.0.1:${this.p2pPort}`],
      ['--rpc.laddr', `tcp://127.0.0.1:${this.rpcPort}`],
      ['--p2p.persistent_peers', peers.join(',')],
    ];
    const child = spawn(this.#program, ['node', ...flags.flat()]);
    this.#process = child;
    const note = (text: Buffer): void => {
      this.log += text.toString();
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    for (let tries = 0; tries < 240; tries += 1) {
      const status = await this.rpc<{ sync_info: { latest_block_height: string } }>('status').catch(
        () => undefined,
      );
      if (Number(status?.sync_info.latest_block_height ?? 0) > 0) return;
      if (child.exitCode !== null) throw new Error(`CometBFT has ended:\n${this.log.slice(-2000)}`);
      await sleep(250);
    }
    throw new Error(`CometBFT makes no blocks:\n${this.log.slice(-2000)}`);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGTERM');
    await Promise.race([once(child, 'exit'), sleep(5_000).then(() => child.kill('SIGKILL'))]);
  }

  /** Asks its RPC. */
  async rpc<T>(path: string): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.rpcPort}/${path}`);
    const answer = (await response.json()) as { result?: T; error?: unknown };
    if (answer.result === undefined) throw new Error(`${path}: ${JSON.stringify(answer.error)}`);
    return answer.result;
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.#home, { recursive: true, force: true });
  }

  #cometbft(command: string): string {
    return execFileSync(this.#program, [command, '--home', this.#home], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}
