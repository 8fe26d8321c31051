import { fork, type ChildProcess } from 'node:child_process';
import process from 'node:process';
import type { Handlers, Reply } from './child.ts';

/** How long a child gets to load its module, and to answer if nothing else is said. */
const answerWithinMs = 30_000;

/**
 * Room for a heap as an application has it. In a heap of 10 MB, which is all that a bench needs, V8
 * collects whenever some megabytes of buffers have come and gone, which makes those slower that put
 * much into one.
 */
const heapOptions = ['--initial-heap-size=128'];

/** Every child that runs, so that none outlives this process. */
const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

let isGuarded = false;

/** Ends all children when this process ends, also by Ctrl-C. */
function guard(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.on('exit', killAll);
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => process.exit(code));
  }
}

interface Question {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A process of its own that answers requests: a module with `handlers`, run by `child.ts`. */
export class Child<H extends Handlers> {
  readonly #process: ChildProcess;
  readonly #open = new Map<number, Question>();
  readonly #name: string;
  #asked = 0;
  #whyEnded: Error | undefined;

  private constructor(child: ChildProcess, name: string) {
    this.#process = child;
    this.#name = name;
    child.on('message', (reply: Reply) => this.#settle(reply));
    child.on('error', (error) => this.#end(error));
    child.on('exit', (code, signal) => {
      this.#end(new Error(`${name} ended (${signal ?? `code ${code ?? '?'}`})`));
    });
  }

  /**
   * Resolves when the module is loaded.
   *
   * @param module of which `H` are the `handlers`, in a directory beside `frame/`: it runs under
   *   the `child.js` there, so a module of another checkout runs that checkout's code throughout
   * @param execArgv options of Node, such as `--expose-gc`
   * @param prefix a command that runs another one, to run Node with; none: it is run as it is
   * @throws {Error} it could not be loaded
   */
  static async start<H extends Handlers>(
    module: URL,
    name: string,
    execArgv: readonly string[] = [],
    prefix: readonly string[] = [],
  ): Promise<Child<H>> {
    guard();
    const entry = new URL('../frame/child.js', module);
    const [execPath, ...before] = [...prefix, process.execPath];
    const child = fork(entry, [module.href], {
      execPath,
      execArgv: [...before, ...heapOptions, ...execArgv],
      serialization: 'advanced',
      // stdout is for results.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    running.add(child);
    const started = new Child<H>(child, name);
    // The child says that it is ready as if it had been asked question 0.
    await started.#reply(0, 'to start', answerWithinMs);
    return started;
  }

  /**
   * What the handler of that name returns, or resolves to.
   * @throws {Error} what the handler throws; that the child has ended; or that it did not answer in
   *   time, after which it is ended
   */
  ask<K extends string & keyof H>(
    handler: K,
    argument: Parameters<H[K]>[0],
    withinMs: number = answerWithinMs,
  ): Promise<Awaited<ReturnType<H[K]>>> {
    this.#asked += 1;
    const reply = this.#reply(this.#asked, handler, withinMs);
    if (this.#whyEnded === undefined) {
      this.#process.send({ id: this.#asked, handler, argument }, (error) => {
        if (error !== null) this.#end(error);
      });
    }
    return reply as Promise<Awaited<ReturnType<H[K]>>>;
  }

  /** Kills it. */
  end(): void {
    this.#process.kill('SIGKILL');
    this.#end(new Error(`${this.#name} was ended`));
  }

  #reply(id: number, what: string, withinMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#whyEnded !== undefined) {
        reject(this.#whyEnded);
        return;
      }
      const late = setTimeout(() => {
        this.#process.kill('SIGKILL');
        this.#end(new Error(`${this.#name} took longer than ${withinMs} ms: ${what}`));
      }, withinMs);
      this.#open.set(id, {
        resolve: (value) => {
          clearTimeout(late);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(late);
          reject(error);
        },
      });
    });
  }

  #settle(reply: Reply | 'ready'): void {
    const id = reply === 'ready' ? 0 : reply.id;
    const question = this.#open.get(id);
    this.#open.delete(id);
    if (reply === 'ready' || 'value' in reply) {
      question?.resolve(reply === 'ready' ? undefined : reply.value);
    } else {
      question?.reject(new Error(`${this.#name}: ${reply.error}`));
    }
  }

  #end(why: Error): void {
    running.delete(this.#process);
    this.#whyEnded ??= why;
    for (const question of this.#open.values()) question.reject(this.#whyEnded);
    this.#open.clear();
  }
}
