import { fork, type ChildProcess } from 'node:child_process';
import process from 'node:process';
import type { Handlers, Reply } from './child.ts';

/** How long a child may take to load its module, and by default to answer. */
const answerWithinMs = 30_000;

/**
 * Gives each child the heap of a typical application. The bench alone needs only 10 MB, and in a
 * heap of that size V8 collects after every few megabytes of buffers, which slows down contestants
 * that use large buffers.
 */
const heapOptions = ['--initial-heap-size=128'];

/** All running children, so that none outlives this process. */
const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

let isGuarded = false;

/** Kills all children when this process exits, also on Ctrl-C. */
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

/** A child process that answers requests: a module with `handlers`, run by `child.ts`. */
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
   * Starts a child. Resolves when its module is loaded.
   *
   * @param module exports `H` as `handlers`, in a directory next to `frame/`. It runs under the
   *   `child.js` there, so a module of another checkout runs only that checkout's code
   * @param execArgv options of Node, such as `--expose-gc`
   * @param prefix a command to run Node with; empty to run it directly
   * @throws {Error} if the module could not be loaded
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
    // The child's ready message counts as the reply to request 0.
    await started.#reply(0, 'to start', answerWithinMs);
    return started;
  }

  /**
   * Calls a handler of the child, and resolves to its result.
   *
   * @throws {Error} if the handler throws, the child has ended, or the reply is late, which also
   *   kills the child
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

  /** Kills the child. */
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
