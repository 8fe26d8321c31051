/**
 * Five nodes, each in its own process, that send and broadcast protobuf messages to each other over
 * WebSockets on loopback. Each knows only the address of the first, and finds the others by peer
 * exchange. One is killed and restarted. At the end, every message is accounted for. The last
 * node serves a page that shows what it does.
 *
 *     npm start
 *     npm start -- --nodes 5 --seconds 10
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { firstValueFrom, from, interval, merge, NEVER, Subject, timer } from 'rxjs';
import { Identity } from 'rxmesh';
import { balanceOf, type Balance } from './mesh/balance.ts';
import { Child } from './mesh/child.ts';
import type { NodeSettings, Totals } from './mesh/messages.ts';
import { freePorts } from './mesh/ports.ts';
import { Screen } from './mesh/screen.ts';
import { Table } from './mesh/table.ts';

/** When one of the nodes is killed, and how long it stays down. */
const killAtMs = 4_000;
const deadMs = 500;
/** How long to wait, on a busy machine, for something that normally takes a second. */
const patienceMs = 30_000;

/** What happened to the node that was killed. */
interface Death {
  readonly atMs: number;
  readonly backAfterMs: number;
  /** The totals that it last reported, at most a quarter of a second before. */
  readonly lastTotals: Totals;
}

const { nodes, seconds } = options();
/** The number of the node that is killed: the middle one, 3 of 5. */
const victim = Math.ceil(nodes / 2);
const screen = new Screen();
const children: Child[] = [];

const interrupted = new Error('interrupted');
const trouble = new Subject<never>();
const interrupt = (): void => trouble.error(interrupted);
let onInterrupt = interrupt;
// One listener for the whole run: a signal that arrived while listeners were swapped would be lost.
process.on('SIGINT', () => onInterrupt());

try {
  const passed = await firstValueFrom(merge(from(run()), trouble));
  process.exitCode = passed ? 0 : 1;
} catch (error) {
  if (error !== interrupted)
    console.error(`mesh: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error === interrupted ? 130 : 1;
} finally {
  await Promise.all(children.map((child) => child.kill()));
}
// After a failure, `run` may still be waiting for something.
process.exit();

/** @returns whether no message was missing, duplicated or out of order, the killed run aside */
async function run(): Promise<boolean> {
  screen.tell(`starting ${nodes} nodes`);
  const startMs = performance.now();
  for (const settings of await plan()) children.push(start(settings));
  await until(allAreUp, 'the nodes to find each other');
  const beginMs = performance.now();
  const elapsedMs = (): number => performance.now() - beginMs;
  for (const { settings, pid } of children) {
    screen.tell(`node ${settings.node} is process ${pid}, port ${settings.port}`);
  }
  // From now on Ctrl-C ends the run as if its time were up. A second one aborts it immediately.
  const over$ = seconds === undefined ? NEVER : timer(seconds * 1000);
  const ctrlC$ = new Subject<void>();
  const end = firstValueFrom(merge(over$, ctrlC$));
  onInterrupt = () => ctrlC$.next();
  screen.tell(`each is connected with all others after ${inSeconds(beginMs - startMs)}`);
  const last = children.at(-1);
  await until(() => last?.inspectorUrl !== undefined, 'the inspector');
  screen.tell(`look inside node ${nodes}: ${last?.inspectorUrl ?? ''}`);

  const table = new Table();
  table.of(children, 0);
  const drawing = interval(1000).subscribe(() => {
    const { lines, short } = table.of(children, Math.round(elapsedMs() / 1000));
    screen.draw(lines, short);
  });
  const ended = new AbortController();
  const death = dieAndReturn(elapsedMs, ended.signal);
  await end;
  onInterrupt = interrupt;
  ended.abort();
  const died = await death;
  const ranMs = elapsedMs();
  drawing.unsubscribe();
  screen.leaveTable();

  screen.tell('nobody sends any more; waiting for what is under way');
  const balance = await settle();
  summarize(balance, died, ranMs);
  return balance.missing === 0 && balance.wrong === 0;
}

/** The key and port of each node. Each knows the address of the first, and the first knows none. */
async function plan(): Promise<readonly NodeSettings[]> {
  const ports = await freePorts(nodes);
  const all = ports.map((port, i) => {
    const seed = randomBytes(32);
    return { node: i + 1, run: 1, seed: [...seed], port, id: Identity.fromSeed(seed).id };
  });
  const first = all.slice(0, 1).map(({ id, port }) => `ws://${id}@127.0.0.1:${port}`);
  return all.map(({ node, run, seed, port }) => {
    const others = all.filter((other) => other.node !== node);
    const known = node === 1 ? [] : first;
    // The last one is not killed.
    const isInspected = node === nodes;
    return {
      node,
      run,
      seed,
      port,
      isInspected,
      known,
      others: others.map((one) => [one.node, one.id]),
    };
  });
}

function start(settings: NodeSettings): Child {
  const child = new Child(settings);
  child.reports$.subscribe({ error: (error: unknown) => trouble.error(error) });
  return child;
}

function allAreUp(): boolean {
  return children.every(({ peers }) => peers.size === nodes - 1);
}

/**
 * Kills the victim, restarts it, and waits until it is back. Does nothing if `signal` aborts first.
 */
async function dieAndReturn(
  elapsedMs: () => number,
  signal: AbortSignal,
): Promise<Death | undefined> {
  const waitMs = seconds === undefined ? killAtMs : Math.min(killAtMs, seconds * 400);
  // An abort rejects the wait, which is not a failure here.
  const isDue = await wait(waitMs, true, { signal }).catch(() => false);
  const child = children[victim - 1];
  if (!isDue || child === undefined) return undefined;

  const atMs = elapsedMs();
  const lastTotals = child.totals;
  await child.kill();
  screen.tell(`node ${victim} was killed (SIGKILL) at ${inSeconds(atMs)}`);
  await wait(deadMs);
  const { settings } = child;
  children[victim - 1] = start({ ...settings, run: settings.run + 1 });
  await until(allAreUp, `node ${victim} to come back`);
  const backAfterMs = elapsedMs() - atMs;
  screen.tell(`node ${victim} is back with all others, ${inSeconds(backAfterMs)} after its death`);
  return { atMs, backAfterMs, lastTotals };
}

/** Ends the traffic, waits for the remaining messages, and stops the nodes. */
async function settle(): Promise<Balance> {
  await limited(Promise.all(children.map((child) => child.finish())), 'the lanes to empty');
  const endMs = performance.now() + 5_000;
  let balance: Balance;
  do {
    await wait(50);
    balance = balanceOf(await Promise.all(children.map((child) => child.account())));
  } while (balance.missing > 0 && performance.now() < endMs);
  // A duplicate may arrive late, so only the account taken after the nodes have stopped counts.
  return balanceOf(
    await limited(Promise.all(children.map((child) => child.stop())), 'the nodes to end'),
  );
}

function summarize(balance: Balance, died: Death | undefined, ranMs: number): void {
  const { accepted, received, missing, wrong, acceptedForDead, receivedFromDead, drops } = balance;
  const count = (value: number): string => value.toLocaleString('en');
  const lines = [
    `${nodes} nodes, ${inSeconds(ranMs)}: ${count(accepted)} messages sent, ${count(received)} received, ` +
      `${count(missing)} missing, ${count(wrong)} out of order or twice`,
  ];
  if (died !== undefined) {
    const { atMs, backAfterMs, lastTotals } = died;
    lines.push(
      `node ${victim} was killed at ${inSeconds(atMs)} and was back after ${inSeconds(backAfterMs)}`,
      'not counted above, since nobody but the dead could tell what became of them:',
      `  for it ${count(acceptedForDead)} were accepted; its last report counted ${count(lastTotals.received)}`,
      `  from it ${count(receivedFromDead)} arrived; its last report counted ${count(lastTotals.accepted)} as accepted`,
    );
  }
  const dropped = [...drops].map(([reason, n]) => `${count(n)} ${reason}`);
  if (dropped.length > 0) lines.push(`dropped, and told by the routers: ${dropped.join(', ')}`);
  for (const line of ['', ...lines]) screen.tell(line);
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > endMs) throw late(what);
    await wait(20);
  }
}

/** Waits for a promise, at most `patienceMs`. */
function limited<T>(work: Promise<T>, what: string): Promise<T> {
  const limit = wait(patienceMs, undefined, { ref: false }).then(() => Promise.reject(late(what)));
  return Promise.race([work, limit]);
}

function late(what: string): Error {
  return new Error(`waited ${inSeconds(patienceMs)} for ${what}, in vain`);
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

interface Options {
  readonly nodes: number;
  /** How long to run; until Ctrl-C if undefined. */
  readonly seconds: number | undefined;
}

function options(): Options {
  const usage = `usage: npm start -- [--nodes count] [--seconds seconds]
  --nodes    how many nodes, 2 to 16; default 5
  --seconds  how long they send, 1 to 86400; without it, until Ctrl-C`;
  try {
    const { values } = parseArgs({
      options: {
        nodes: { type: 'string', default: '5' },
        seconds: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    if (values.help === true) {
      console.log(usage);
      process.exit(0);
    }
    return {
      nodes: wholeNumber('nodes', values.nodes, 2, 16),
      seconds:
        values.seconds === undefined
          ? undefined
          : wholeNumber('seconds', values.seconds, 1, 86_400),
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new RangeError(`--${name} is a whole number from ${min} to ${max}, not ${text}`);
}
