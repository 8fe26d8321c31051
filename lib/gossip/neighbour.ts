import type { Channel, NodeId } from '../index.ts';
import { type FrameFeed, FrameSender } from '../frames/frame-sender.ts';
import { Frame, frameIdsMax, kinds } from './frame.ts';
import type { OutgoingFrame } from './frame-codec.ts';
import { haveFrame } from './have-frame.ts';
import { type Held, isKnownTo } from './message-store.ts';
import { Recall } from './recall.ts';
import { Tally } from './tally.ts';
import { bytesOf } from './signing.ts';

/**
 * How many messages wait for a neighbour that is behind, and how many bytes of them. Those after
 * them are announced: it may get them elsewhere, and later.
 */
const pushesMax = 1_024;
const pushesBytesMax = 512 * 1024;
/** How many of each other kind may wait for it: announcements, questions, answers, prunes. */
const waitingMax = 4_096;
/** How many greetings of a neighbour in a second are not reported. */
const greetingsMax = 100;
/** The second, in milliseconds. */
const greetingsInMs = 1_000;

/** An announcement that waits. */
interface Announced {
  readonly held: Held;
  readonly isPull: boolean;
}

/** A peer that has the channel open: what it wants, and what waits for its lane. */
export class Neighbour implements FrameFeed<OutgoingFrame> {
  readonly id: NodeId;
  readonly recall: Recall = new Recall();
  /** How often it has asked for a message, and has brought one that was here already. */
  readonly asked: Tally = new Tally();
  readonly brought: Tally = new Tally();
  /** Whether it has said what it wants. What comes before that was sent before it opened again. */
  hasGreeted: boolean = false;
  /** Whether it has left. If its peer comes back, that is another neighbour. */
  isGone: boolean = false;
  readonly #sender: FrameSender<OutgoingFrame>;
  readonly #dropped: (count: number) => void;
  /** When it was last told what this node has of late. */
  caughtUpMs: number = -Infinity;
  /** What it wants; undefined: everything. */
  #topics: ReadonlySet<string> | undefined = new Set();
  /** What it has wanted in all its greetings since `caughtUpMs`: all or a part of its topics. */
  #steady: ReadonlySet<string> | undefined = new Set();
  /** How many greetings have come since a moment. */
  #greetings = 0;
  #greetingsSinceMs = -Infinity;
  /** Goes first: greetings, questions and prunes, each once. */
  #greeting: Frame | undefined;
  readonly #prunes = new Set<string>();
  readonly #asks = new Map<string, { readonly topic: string; isGraft: boolean }>();
  /** Messages that it has asked for, and that are not kept any more. */
  #lacks: string[] = [];
  #pushes: Held[] = [];
  #pushesBytes = 0;
  readonly #answers = new Map<string, Held>();
  #announcements: Announced[] = [];
  /** How many announcements at the front are due. */
  #due = 0;

  constructor(channel: Channel<OutgoingFrame>, id: NodeId, dropped: (count: number) => void) {
    this.id = id;
    this.#dropped = dropped;
    this.#sender = new FrameSender(channel, id, this);
    this.#sender.start();
  }

  /** Whether it has said that it wants the messages of this topic. */
  wants(topic: string): boolean {
    return this.#topics === undefined || this.#topics.has(topic);
  }

  /** It says what it wants: these topics, or all of them. Returns whether it does so too often. */
  greeted(topics: ReadonlySet<string> | undefined, nowMs: number): boolean {
    this.hasGreeted = true;
    this.#topics = topics;
    if (topics !== undefined) this.#steady = inBoth(topics, this.#steady);
    if (nowMs - this.#greetingsSinceMs >= greetingsInMs) {
      this.#greetings = 0;
      this.#greetingsSinceMs = nowMs;
    }
    this.#greetings += 1;
    return this.#greetings > greetingsMax;
  }

  /** Whether it wants a topic that it has not wanted all the time. */
  get isBehind(): boolean {
    const steady = this.#steady;
    if (steady === undefined) return false;
    return this.#topics === undefined || this.#topics.size > steady.size;
  }

  /** Announces those of the messages whose topics it has not wanted all the time. */
  catchUp(recent: Iterable<Held>, nowMs: number): void {
    const steady = this.#steady;
    this.#steady = this.#topics;
    this.caughtUpMs = nowMs;
    for (const held of recent) {
      const isNew = steady !== undefined && !steady.has(held.topic);
      if (isNew && this.wants(held.topic)) this.#wait({ held, isPull: true });
    }
    this.flush();
  }

  /** Says what this node wants. */
  greet(frame: Frame): void {
    this.#greeting = frame;
    this.#sender.wake();
  }

  /** Asks it to announce the messages of a topic, and not to push them. */
  prune(topic: string): void {
    if (this.#prunes.size < waitingMax) this.#prunes.add(topic);
    this.#sender.wake();
  }

  /**
   * Asks it for a message, and with `isGraft` for the following ones of the topic. The question
   * waits for `flushAsks`.
   */
  ask(id: string, topic: string, isGraft: boolean): void {
    if (this.#asks.size < waitingMax) this.#asks.set(id, { topic, isGraft });
  }

  flushAsks(): void {
    if (this.#asks.size > 0) this.#sender.wake();
  }

  /** Sends a message. Returns false if too many wait already. */
  push(held: Held): boolean {
    if (this.#pushes.length >= pushesMax || this.#pushesBytes >= pushesBytesMax) return false;
    this.#pushes.push(held);
    this.#pushesBytes += held.bytes;
    this.#sender.wake();
    return true;
  }

  /** Sends a message that it has asked for. */
  answer(held: Held): void {
    if (this.#answers.size >= waitingMax) {
      this.#dropped(1);
      return;
    }
    this.#answers.set(held.id, held);
    this.#sender.wake();
  }

  /** Tells it that a message is not kept any more. That waits for `flushLacks`. */
  lack(id: string): void {
    if (this.#lacks.length < waitingMax) this.#lacks.push(id);
  }

  flushLacks(): void {
    if (this.#lacks.length > 0) this.#sender.wake();
  }

  /**
   * Announces a message: with the next batch, or now if it has to ask for it.
   *
   * @returns whether the batch is full
   */
  announce(held: Held, isPull: boolean): boolean {
    this.#wait({ held, isPull });
    if (!isPull) return this.#announcements.length - this.#due >= frameIdsMax;
    this.flush();
    return false;
  }

  #wait(announced: Announced): void {
    this.#announcements.push(announced);
    if (this.#announcements.length <= waitingMax) return;
    this.#announcements.shift();
    this.#due = Math.max(0, this.#due - 1);
    this.#dropped(1);
  }

  /** Sends the announcements that wait for their batch. */
  flush(): void {
    this.#due = this.#announcements.length;
    if (this.#due > 0) this.#sender.wake();
  }

  /** Sends what there is of `recall`. */
  flushRecall(): void {
    this.#sender.wake();
  }

  close(): void {
    this.isGone = true;
    this.#sender.close();
  }

  takeFrame(): OutgoingFrame | undefined {
    return this.#takeGreeting() ?? this.#takeBody() ?? this.#takeList() ?? this.#takeLacks();
  }

  sent(): void {
    // Nothing waits for it.
  }

  stopped(): void {
    // The channel closes soon, and the board with it.
  }

  /** Only a message can be too long for a peer with a lower limit. It does without it. */
  notSent(): void {
    this.#dropped(1);
  }

  /** Short frames that others wait for. Usually there are none. */
  #takeGreeting(): Frame | undefined {
    const greeting = this.#greeting;
    this.#greeting = undefined;
    if (greeting !== undefined || this.#prunes.size + this.#asks.size === 0) return greeting;
    return this.#takePrune() ?? this.#takeAsk();
  }

  #takePrune(): Frame | undefined {
    for (const topic of this.#prunes) {
      this.#prunes.delete(topic);
      return new Frame(kinds.prune, topic);
    }
    return undefined;
  }

  /** The next questions that can share a frame. */
  #takeAsk(): Frame | undefined {
    let frame: Frame | undefined;
    const ids: string[] = [];
    for (const [id, { topic, isGraft }] of this.#asks) {
      if (frame === undefined) {
        frame = new Frame(kinds.ask, topic);
        frame.isGraft = isGraft;
      }
      if (topic !== frame.topic || isGraft !== frame.isGraft || ids.length >= frameIdsMax) break;
      this.#asks.delete(id);
      ids.push(id);
    }
    if (frame !== undefined) frame.ids = bytesOf(ids);
    return frame;
  }

  #takeLacks(): Frame | undefined {
    if (this.#lacks.length === 0) return undefined;
    const frame = new Frame(kinds.gone);
    frame.ids = bytesOf(this.#lacks.splice(0, frameIdsMax));
    return frame;
  }

  #takeBody(): Uint8Array | undefined {
    if (this.#answers.size > 0) {
      const answer = this.#takeAnswer();
      if (answer !== undefined) return answer;
    }
    for (let held = this.#pushes.shift(); held !== undefined; held = this.#pushes.shift()) {
      this.#pushesBytes -= held.bytes;
      if (isKnownTo(held, this.id)) continue;
      if (held.encoded !== undefined) return held.encoded;
      this.#dropped(1);
    }
    return undefined;
  }

  #takeAnswer(): Uint8Array | undefined {
    for (const held of this.#answers.values()) {
      this.#answers.delete(held.id);
      if (held.encoded !== undefined) return held.encoded;
      this.#dropped(1);
      this.lack(held.id);
    }
    return undefined;
  }

  /** Digests go last: what they list was sent to others before. */
  #takeList(): Frame | undefined {
    return this.recall.takeQuestion() ?? this.#takeHave() ?? this.recall.takeAnswer();
  }

  /** The next announcements that can share a frame. */
  #takeHave(): Frame | undefined {
    let first: Announced | undefined;
    const batch: Held[] = [];
    let taken = 0;
    for (; taken < this.#due; taken += 1) {
      const next = this.#announcements[taken];
      if (next === undefined || isKnownTo(next.held, this.id)) continue;
      if (next.held.encoded === undefined) {
        this.#dropped(1);
        continue;
      }
      first ??= next;
      const isOther = next.held.topic !== first.held.topic || next.isPull !== first.isPull;
      if (isOther || batch.length >= frameIdsMax) break;
      batch.push(next.held);
    }
    if (taken > 0) this.#drop(taken);
    return first && haveFrame(first.held.topic, batch, first.isPull);
  }

  #drop(count: number): void {
    this.#announcements = this.#announcements.slice(count);
    this.#due -= count;
  }
}

function inBoth(
  topics: ReadonlySet<string>,
  others: ReadonlySet<string> | undefined,
): ReadonlySet<string> {
  if (others === undefined) return topics;
  return new Set([...topics].filter((topic) => others.has(topic)));
}
