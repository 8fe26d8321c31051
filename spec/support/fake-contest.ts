import { Subject, Subscription } from 'rxjs';
import { channelsOf, Switchboard } from '../../lib/channel/switchboard.ts';
import type { Clock } from '../../lib/flow/clock.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { NodeId } from '../../lib/model/id.ts';
import type { Proven } from '../../lib/transport/attempt.ts';
import { accept } from '../../operators/accept.ts';
import { route } from '../../operators/route.ts';
import { FakeLinkEnd, type LinkWord } from './fake-link-end.ts';

/**
 * Two nodes that dial each other simultaneously: `a` dialed link `one`, and `b` dialed link `two`.
 */
export type SideName = 'a' | 'b';
export type LinkName = 'one' | 'two';

export const sideNames: readonly SideName[] = ['a', 'b'];
export const linkNames: readonly LinkName[] = ['one', 'two'];

const other = (side: SideName): SideName => (side === 'a' ? 'b' : 'a');

/** A possible next step. */
export type Step =
  /** `side` has finished the handshake of `link`. */
  | { readonly type: 'enter'; readonly side: SideName; readonly link: LinkName }
  /** `side` hears the other side's earliest words still in transit. */
  | { readonly type: 'hear'; readonly side: SideName; readonly link: LinkName }
  /** The wait of `side` for `link` times out. */
  | { readonly type: 'late'; readonly side: SideName; readonly link: LinkName }
  /** The wire breaks, and what was in transit is lost. */
  | { readonly type: 'break'; readonly link: LinkName }
  /** The node stops. */
  | { readonly type: 'stop'; readonly side: SideName };

/** A clock whose timers fire when the test says so. */
class Timers implements Clock {
  readonly waiting: Map<LinkName, () => void> = new Map();
  /** The link for which timers are currently set. */
  link: LinkName = 'one';

  now(): number {
    return 0;
  }

  schedule(work: () => void): Subscription {
    const { link } = this;
    this.waiting.set(link, work);
    return new Subscription(() => this.waiting.delete(link));
  }

  afterTurn(): Subscription {
    throw new Error('nothing is sent here');
  }
}

/** One node: `accept` and `route`, with a record of each link's outcome. */
export class Side {
  readonly name: SideName;
  readonly id: NodeId;
  readonly timers: Timers = new Timers();
  readonly links: Readonly<Record<LinkName, FakeLinkEnd>>;
  readonly entered: Set<LinkName> = new Set();
  /** Sessions that came up, and those still established. */
  readonly up: LinkName[] = [];
  readonly standing: Set<LinkName> = new Set();
  /** Links for which a slot was claimed. */
  readonly granted: LinkName[] = [];
  readonly full: ReadonlySet<LinkName>;
  readonly failures: {
    readonly link: LinkName;
    readonly claimed: boolean;
    readonly code: string;
  }[] = [];
  stopped = false;
  readonly #source = new Subject<Proven>();
  readonly #subscription: Subscription;

  constructor(name: SideName, id: NodeId, full: ReadonlySet<LinkName>) {
    this.name = name;
    this.id = id;
    this.full = full;
    const dialed: LinkName = name === 'a' ? 'one' : 'two';
    const link = (which: LinkName) => {
      const end = new FakeLinkEnd(which === dialed ? 'outbound' : 'inbound');
      end.answersPings = true;
      return end;
    };
    this.links = { one: link('one'), two: link('two') };
    const switchboard = new Switchboard({
      self: id,
      clock: this.timers,
      keepAlive: { intervalMs: 0 },
    });
    const channels = channelsOf(switchboard);
    this.#subscription = this.#source
      .pipe(
        accept({
          clock: this.timers,
          switchboard,
          claim: (proven) => this.#claim(this.#nameOf(proven)),
          onFailure: ({ code }, proven, claimed) =>
            this.failures.push({ link: this.#nameOf(proven), claimed, code }),
        }),
        route(switchboard),
      )
      .subscribe(({ type, session }) => {
        const which = this.#nameOf(channels.behind(session));
        if (type === 'down') this.standing.delete(which);
        else {
          this.up.push(which);
          this.standing.add(which);
        }
      });
  }

  enter(link: LinkName, peer: NodeId): void {
    this.entered.add(link);
    this.timers.link = link;
    // A stopped node closes the connection of a handshake.
    if (this.stopped) this.links[link].close('done');
    else this.#source.next({ link: this.links[link], id: peer });
  }

  stop(): void {
    this.stopped = true;
    this.#subscription.unsubscribe();
    this.standing.clear();
  }

  #claim(link: LinkName): void {
    if (this.full.has(link)) throw new RxmeshError('RXMESH_PEERS_FULL', 'no place');
    this.granted.push(link);
  }

  #nameOf({ link }: Pick<Proven, 'link'>): LinkName {
    return link === this.links.one ? 'one' : 'two';
  }
}

/** The setup of a contest. */
export interface ContestOptions {
  readonly ids: Readonly<Record<SideName, NodeId>>;
  /** Links for which a side has no slot. */
  readonly full?: Readonly<Partial<Record<SideName, readonly LinkName[]>>>;
  /** What may go wrong, and how often in total. */
  readonly faults?: readonly ('late' | 'break' | 'stop')[];
  readonly faultsMax?: number;
}

/** Two sides, the two links between them, and what is in transit. */
export class Contest {
  readonly sides: Readonly<Record<SideName, Side>>;
  readonly #options: ContestOptions;
  /** What is in transit to a side on a link. */
  readonly #flying: Readonly<Record<SideName, Record<LinkName, LinkWord[]>>> = {
    a: { one: [], two: [] },
    b: { one: [], two: [] },
  };
  /** Links whose wire has broken. */
  readonly broken: Set<LinkName> = new Set();
  #faults = 0;

  constructor(options: ContestOptions) {
    this.#options = options;
    const side = (name: SideName) =>
      new Side(name, options.ids[name], new Set(options.full?.[name] ?? []));
    this.sides = { a: side('a'), b: side('b') };
    for (const name of sideNames) {
      for (const link of linkNames) {
        this.sides[name].links[link].say = (word) => {
          if (!this.broken.has(link)) this.#flying[other(name)][link].push(word);
        };
      }
    }
  }

  /** All possible next steps. */
  steps(): Step[] {
    const { faults = [], faultsMax = 1 } = this.#options;
    const mayFail = this.#faults < faultsMax;
    const steps: Step[] = [];
    for (const side of sideNames) {
      const { entered, timers, stopped } = this.sides[side];
      for (const link of linkNames) {
        if (!entered.has(link)) steps.push({ type: 'enter', side, link });
        // An ended link end hears nothing more.
        const hears = this.#flying[side][link].length > 0 && !this.sides[side].links[link].ended;
        if (hears) steps.push({ type: 'hear', side, link });
        if (mayFail && faults.includes('late') && timers.waiting.has(link)) {
          steps.push({ type: 'late', side, link });
        }
      }
      if (mayFail && faults.includes('stop') && !stopped) steps.push({ type: 'stop', side });
    }
    for (const link of linkNames) {
      const over = sideNames.every((side) => this.sides[side].links[link].ended);
      const breaks = mayFail && faults.includes('break') && !this.broken.has(link) && !over;
      if (breaks) steps.push({ type: 'break', link });
    }
    return steps;
  }

  take(step: Step): void {
    if (step.type === 'break') {
      this.#breakLink(step.link);
      return;
    }
    const side = this.sides[step.side];
    if (step.type === 'stop') {
      this.#faults += 1;
      side.stop();
      return;
    }
    if (step.type === 'enter') side.enter(step.link, this.sides[other(step.side)].id);
    else if (step.type === 'hear') {
      const word = this.#flying[step.side][step.link].shift();
      if (word !== undefined) side.links[step.link].hear(word);
    } else {
      this.#faults += 1;
      side.timers.waiting.get(step.link)?.();
    }
  }

  #breakLink(link: LinkName): void {
    this.#faults += 1;
    this.broken.add(link);
    for (const name of sideNames) {
      this.#flying[name][link] = [];
      this.sides[name].links[link].break();
    }
  }
}

/** What each side has seen, in order. Contests with the same value are the same. */
function keyOf(path: readonly Step[]): string {
  const seen = (side: SideName): string =>
    path
      .filter((step) => step.type === 'break' || step.side === side)
      .map((step) => `${step.type}${step.type === 'stop' ? '' : step.link}`)
      .join();
  return sideNames.map(seen).join('|');
}

/** What was explored over all orders of a contest. */
export interface Explored {
  readonly states: number;
  readonly ends: number;
}

/**
 * Takes a contest through every order of its steps. `check` sees each state, and whether it is
 * final. States are identified by what each side has seen, in order, and visited once.
 */
export function explore(
  options: ContestOptions,
  check: (contest: Contest, isEnd: boolean, path: readonly Step[]) => void,
): Explored {
  const visited = new Set<string>();
  let ends = 0;
  const visit = (path: readonly Step[]): void => {
    const key = keyOf(path);
    if (visited.has(key)) return;
    visited.add(key);
    const contest = new Contest(options);
    for (const step of path) contest.take(step);
    const steps = contest.steps();
    // Failures are optional: a state is final once only failures are left.
    const isEnd = steps.every(({ type }) => type === 'break' || type === 'stop');
    if (isEnd) ends += 1;
    check(contest, isEnd, path);
    for (const step of steps) visit([...path, step]);
  };
  visit([]);
  return { states: visited.size, ends };
}
