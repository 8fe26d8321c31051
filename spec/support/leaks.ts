import { createHook } from 'node:async_hooks';
import process from 'node:process';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach } from '@jest/globals';
import { Observable, type VirtualTimeScheduler } from 'rxjs';

/** Where `trackLeaks` registers its hooks: in jest, unless a spec of the check passes its own. */
interface Hooks {
  beforeEach(hook: () => void): void;
  afterEach(hook: () => Promise<void>): void;
}

/** Options of `trackLeaks` and `leakCheck`. */
export interface LeakOptions {
  /**
   * How many turns of the event loop closing resources get to finish. The default of 2000 takes
   * some milliseconds, far less than a forgotten timer would. A test that leaks nothing does not
   * wait.
   */
  readonly turns?: number;
  readonly hooks?: Hooks;
}

/** Watches from its creation on; see `leakCheck`. */
export interface LeakCheck {
  /** Rejects if resources outlive the turns it waits, with each of them and where it was made. */
  check(): Promise<void>;
  /** The kinds of what is there now: `['server', 'socket']`. */
  alive(): string[];
  /** Stops watching: while it watches, creating a promise is slower. */
  stop(): void;
}

/**
 * Fails each test of the describe block (or of the file) that leaves a timer, socket, server, child
 * process, worker or file watcher behind. What was `unref`ed counts as gone.
 *
 * Hooks run in the order of their definition, so an `afterEach` that cleans up stands above the
 * call:
 *
 *     describe('a transport', () => {
 *       afterEach(() => server.close());
 *       trackLeaks();
 *       it('closes', ...);
 *     });
 */
export function trackLeaks(options: LeakOptions = {}): void {
  const { hooks = { beforeEach, afterEach } } = options;
  let leaks: LeakCheck;
  hooks.beforeEach(() => {
    leaks = leakCheck(options);
  });
  hooks.afterEach(() => leaks.check().finally(() => leaks.stop()));
}

/** What keeps a process alive, by its name in `async_hooks`. Requests end on their own. */
const kinds: Readonly<Record<string, string>> = {
  FSEVENTWRAP: 'file watcher',
  Immediate: 'immediate',
  PIPESERVERWRAP: 'server',
  PIPEWRAP: 'pipe',
  PROCESSWRAP: 'child process',
  STATWATCHER: 'file watcher',
  TCPSERVERWRAP: 'server',
  TCPWRAP: 'socket',
  Timeout: 'timer',
  UDPWRAP: 'datagram socket',
  WORKER: 'worker',
};

/** A resource that was made while a check watches. */
interface Resource {
  readonly kind: string;
  readonly handle: { hasRef?(): boolean | null; readonly _destroyed?: boolean };
  /** Created with the resource, for its stack alone. V8 formats that only when it is read. */
  readonly maker: Error;
}

/**
 * Starts to watch what is made from now on.
 *
 * Counts of `process.getActiveResourcesInfo()` would not do: a timer of jest's that was there
 * before and ends meanwhile would outweigh one that was forgotten. So each resource is known by
 * itself.
 */
export function leakCheck({ turns = 2000 }: LeakOptions = {}): LeakCheck {
  let alive: Resource[] = [];
  let many = 1_000;
  // Without `destroy`, with which Node would keep an account of every promise.
  const hook = createHook({
    init(_id, type, _trigger, handle) {
      const kind = kinds[type];
      if (kind === undefined) return;
      alive.push({ kind, handle, maker: new Error() });
      if (alive.length < many) return;
      alive = alive.filter(keepsAlive);
      many = 1_000 + 2 * alive.length;
    },
  }).enable();

  return {
    async check() {
      for (let i = 0; i < turns && leaksAmong(alive).length > 0; i++) await turn();
      const leaks = leaksAmong(alive);
      if (leaks.length > 0) throw new Error(`left behind: ${leaks.join(', ')}`);
    },
    alive: () => held(alive).map(({ kind }) => kind),
    stop: () => void hook.disable(),
  };
}

/** As text: `timer (lib/flow/clock.ts:41:5)`. */
function leaksAmong(alive: readonly Resource[]): string[] {
  return held(alive).map(({ kind, origin }) => `${kind} (${origin})`);
}

/** What keeps the process alive and is not jest's own. */
function held(alive: readonly Resource[]): { kind: string; origin: string }[] {
  return alive
    .filter(keepsAlive)
    .map(({ kind, maker }) => ({ kind, origin: originOf(maker) }))
    .filter(({ origin }) => !/node_modules\/(?:jest|@jest)/.test(origin));
}

/** False once it is closed or over, and for what was `unref`ed. `_destroyed` is that of timers. */
function keepsAlive({ handle }: Resource): boolean {
  return handle._destroyed !== true && Boolean(handle.hasRef?.());
}

/** The place in a file where it was made. What Node makes itself has none. */
function originOf({ stack = '' }: Error): string {
  const frame = stack
    .split('\n')
    .slice(1)
    .find((line) => !/node:|AsyncHook|spec\/support\/leaks\.ts/.test(line));
  const place = frame?.replace(/^\s*at (?:.*\()?|\)$/g, '').replace('file://', '');
  return place?.replace(`${process.cwd()}/`, '') ?? 'made by Node';
}

/**
 * Asserts that nothing is scheduled on a virtual time scheduler.
 *
 * @throws {Error} with the frames of the remaining actions
 */
export function expectIdle(scheduler: VirtualTimeScheduler): void {
  const waiting = scheduler.actions.filter((action) => !action.closed);
  if (waiting.length === 0) return;
  const frames = waiting.map(({ delay }) => String(delay)).join(', ');
  throw new Error(`${waiting.length} scheduled actions are left, for frame ${frames}`);
}

/** An Observable that counts its subscribers. */
export interface Counted<T> extends Observable<T> {
  /** Current subscriptions. */
  readonly live: number;
  /** Subscriptions in total. */
  readonly total: number;
}

/** `source$`, with its subscriptions counted. */
export function counted<T>(source$: Observable<T>): Counted<T> {
  return new CountedObservable(source$);
}

class CountedObservable<T> extends Observable<T> implements Counted<T> {
  live = 0;
  total = 0;

  constructor(source$: Observable<T>) {
    super((subscriber) => {
      this.live += 1;
      this.total += 1;
      subscriber.add(() => (this.live -= 1));
      source$.subscribe(subscriber);
    });
  }
}
