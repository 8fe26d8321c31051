import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { filter, firstValueFrom, Subject, type Observable } from 'rxjs';
import type { Account, NodeSettings, Order, Report, Totals } from './messages.ts';

/** How long a node may take to end when it was told to, in milliseconds. */
const stopMs = 8_000;

/** A node's process, as the parent sees it. */
export class Child {
  readonly settings: NodeSettings;
  readonly pid: number;
  /** What the node tells. Errors when it fails, or ends without having been told to. */
  readonly reports$: Observable<Report>;
  /** Numbers of the nodes that it is connected with. */
  readonly peers: Set<number> = new Set();
  /** Since when it is connected with anybody. */
  upSince: Date | undefined;
  /** The address of the page that shows what it does, if it serves one. */
  inspectorUrl: string | undefined;
  totals: Totals = { accepted: 0, received: 0, dropped: 0 };
  /** When these totals came. */
  totalsAtMs: number = performance.now();

  readonly #process: ChildProcess;
  readonly #reports = new Subject<Report>();
  #isEnding = false;

  constructor(settings: NodeSettings) {
    this.settings = settings;
    this.reports$ = this.#reports.asObservable();
    const script = new URL('./node.ts', import.meta.url);
    this.#process = fork(script, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Ctrl-C in the terminal goes to the parent alone, which ends the nodes in good order.
      detached: true,
    });
    this.pid = this.#process.pid ?? 0;
    this.#process.on('message', (report) => this.#heard(report as Report));
    this.#process.on('error', (error) => this.#reports.error(error));
    this.#process.on('exit', (code, signal) => {
      this.peers.clear();
      this.upSince = undefined;
      // The last reports may come after the exit, but none comes after the end of their channel.
      if (this.#process.connected)
        this.#process.once('disconnect', () => this.#ended(code, signal));
      else this.#ended(code, signal);
    });
  }

  /** Resolves when the node has sent no more than it has begun. */
  async finish(): Promise<void> {
    const finished = this.#next('finished');
    this.#tell({ type: 'finish' });
    await finished;
  }

  async account(): Promise<Account> {
    const told = this.#next('account');
    this.#tell({ type: 'account' });
    return (await told).account;
  }

  /** Stops the node; resolves with its last account when its process has ended. */
  async stop(): Promise<Account> {
    this.#isEnding = true;
    const ended = once(this.#process, 'exit');
    const told = this.#next('account');
    this.#tell({ type: 'stop' });
    const late = setTimeout(() => this.#process.kill('SIGKILL'), stopMs);
    const { account } = await told;
    await ended;
    clearTimeout(late);
    return account;
  }

  /** Ends the process at once, without a goodbye. Resolves when it has ended. */
  async kill(): Promise<void> {
    this.#isEnding = true;
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  #ended(code: number | null, signal: string | null): void {
    const text = `node ${this.settings.node} (process ${this.pid}) ended: ${signal ?? `code ${code}`}`;
    if (this.#isEnding) this.#reports.complete();
    else this.#reports.error(new Error(text));
  }

  #heard(report: Report): void {
    if (report.type === 'ready') this.#tell({ type: 'start', settings: this.settings });
    if (report.type === 'inspector') this.inspectorUrl = report.url;
    if (report.type === 'totals') {
      this.totals = report;
      this.totalsAtMs = performance.now();
    }
    if (report.type === 'peer') {
      if (report.isUp) this.peers.add(report.node);
      else this.peers.delete(report.node);
      this.upSince = this.peers.size === 0 ? undefined : (this.upSince ?? new Date());
    }
    if (report.type === 'failed') {
      this.#reports.error(new Error(`node ${this.settings.node}: ${report.text}`));
    } else {
      this.#reports.next(report);
    }
  }

  #tell(order: Order): void {
    // A process that has ended says so by itself.
    if (this.#process.connected) this.#process.send(order);
  }

  #next<T extends Report['type']>(type: T): Promise<Extract<Report, { type: T }>> {
    const isIt = (report: Report): report is Extract<Report, { type: T }> => report.type === type;
    return firstValueFrom(this.reports$.pipe(filter(isIt)));
  }
}
