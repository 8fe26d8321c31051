import { dateOf } from '../index.ts';
import type { Context } from './context.ts';
import { type Frame, frameIdsMax, hopsLimit, idBytes } from './frame.ts';
import { type Held, isKnownTo, noteKnownTo } from './message-store.ts';
import type { Neighbour } from './neighbour.ts';
import type { Neighbours } from './neighbours.ts';
import { digestIdsMax } from './recall.ts';
import { textOf } from './signing.ts';
import { Timer } from './timer.ts';
import { Trees } from './tree.ts';

/** In how many topics a neighbour may be lazy. Beyond that, the oldest one is eager again. */
const lazyTopicsMax = 1_024;
/** How often a neighbour may ask for the same message, or bring it, before it is reported. */
const answersMax = 3;
/** How long questions wait for others, in milliseconds. */
const togetherMs = 5;
/** The shortest time between two catch-ups for one neighbour, in milliseconds. */
const catchUpEveryMs = 1_000;

/** Spreads messages: along the tree, by announcements, and to those that ask. */
export class Spread {
  readonly #context: Context;
  readonly #neighbours: Neighbours;
  readonly #room: () => number;
  readonly #trees = new Trees(lazyTopicsMax);
  /** Neighbours whose digests go on. */
  readonly #recalling = new Set<Neighbour>();
  /** Neighbours that have greeted again, and are soon told what this node has of late. */
  readonly #behind = new Set<Neighbour>();
  readonly #catchUpTimer: Timer;
  readonly #announceTimer: Timer;
  readonly #askTimer: Timer;

  /** @param room how many messages can be taken now */
  constructor(context: Context, neighbours: Neighbours, room: () => number) {
    this.#context = context;
    this.#neighbours = neighbours;
    this.#room = room;
    this.#catchUpTimer = new Timer(context.clock, () => {
      for (const neighbour of [...this.#behind]) this.catchUp(neighbour);
    });
    this.#announceTimer = new Timer(context.clock, () => {
      for (const neighbour of neighbours) neighbour.flush();
    });
    this.#askTimer = new Timer(context.clock, () => this.#askForMissing());
  }

  /**
   * Passes a message on: to eager neighbours as it is, to others as an announcement.
   *
   * @param isPulled whether this node had to ask for it. Its neighbours may have it already: they
   *   are asked whether they want it
   */
  relay(held: Held, isPulled = false): void {
    const { hopsMax } = this.#context.settings.numbers;
    if (held.hops >= hopsMax) return;
    for (const neighbour of this.#neighbours) {
      if (!neighbour.wants(held.topic) || isKnownTo(held, neighbour.id)) continue;
      if (!this.#trees.isEager(held.topic, neighbour.id)) this.#announce(neighbour, held, false);
      else if (isPulled || !this.#push(neighbour, held)) this.#announce(neighbour, held, true);
    }
  }

  /**
   * Announces to a neighbour what this node has of late, of the topics that it wants now and did
   * not want before. At most once a second, since it may greet more often.
   */
  catchUp(neighbour: Neighbour): void {
    const { store, clock, settings } = this.#context;
    const { catchUpMs, hopsMax } = settings.numbers;
    if (catchUpMs === 0 || !neighbour.isBehind) return;
    const nowMs = clock.now();
    const dueMs = neighbour.caughtUpMs + catchUpEveryMs;
    if (nowMs < dueMs) {
      this.#behind.add(neighbour);
      this.#catchUpTimer.wakeAt(dueMs);
      return;
    }
    this.#behind.delete(neighbour);
    const recent = store.since(nowMs, catchUpMs).filter(({ hops }) => hops < hopsMax);
    neighbour.catchUp(recent, nowMs);
  }

  /** A neighbour has brought a message that has arrived before: one of the two links is enough. */
  duplicate(neighbour: Neighbour, frame: Frame, held: Held | undefined): void {
    if (held !== undefined) noteKnownTo(held, neighbour.id);
    if (held !== undefined && isBroughtTooOften(held, neighbour)) {
      const reason = 'it brings the same message again and again';
      this.#context.reporter.blame(neighbour.id, 'note', reason);
    }
    // Those that are not pushed were asked for.
    if (frame.payload.length > this.#context.settings.numbers.pushBytesMax) return;
    if (held?.isLead === false) return;
    this.#trees.prune(frame.topic, neighbour.id);
    neighbour.prune(frame.topic);
  }

  pruned(neighbour: Neighbour, { topic }: Frame): void {
    this.#trees.prune(topic, neighbour.id);
  }

  /** Asks a neighbour for a digest of what it keeps, as soon as little that it has is missing. */
  beginRecall(neighbour: Neighbour): void {
    const { settings, series } = this.#context;
    if (settings.numbers.antiEntropyMs === 0) return;
    neighbour.recall.begin(series.next());
    this.#recalling.add(neighbour);
    this.#recallMore();
  }

  /** A neighbour asks for a part of a digest. Returns how it breaks the protocol. */
  recalls(neighbour: Neighbour, { seq, place, dateMs: sinceMs }: Frame): string | undefined {
    const { store, clock, settings } = this.#context;
    const question = neighbour.recall.asked(seq, place);
    if (question === 'broken') return 'a question for a digest that it was not offered';
    if (question === 'past') return undefined;
    const { held, next } = store.after(place, digestIdsMax, clock.now(), (each) => {
      const isNew = each.dateMs >= sinceMs && each.hops < settings.numbers.hopsMax;
      return isNew && neighbour.wants(each.topic);
    });
    neighbour.recall.answer(held, next);
    neighbour.flushRecall();
    return undefined;
  }

  /** A neighbour has messages. Returns what is wrong with its frame. */
  has(neighbour: Neighbour, frame: Frame): string | undefined {
    const { ids, hops, seq, place } = frame;
    const count = ids.length / idBytes;
    if (count === 0 || count > frameIdsMax || hops.length !== count) {
      return `an announcement of ${ids.length} bytes of IDs and ${hops.length} of hops`;
    }
    this.#note(neighbour, frame);
    // A part of an earlier digest, from before the channel was opened again, may be on its way.
    if (place === 0 || !neighbour.recall.isOurs(seq)) return undefined;
    return this.#hasMore(neighbour, place);
  }

  /** A neighbour asks for messages. Returns what is wrong with its frame. */
  asks(neighbour: Neighbour, { topic, ids, isGraft }: Frame): string | undefined {
    const { store, clock, reporter } = this.#context;
    if (ids.length % idBytes !== 0) return `a question of ${ids.length} bytes of IDs`;
    if (isGraft) this.#trees.graft(topic, neighbour.id);
    for (let at = 0; at < ids.length; at += idBytes) {
      const id = textOf(ids, at);
      const held = store.get(id, clock.now());
      if (held === undefined) neighbour.lack(id);
      else if (neighbour.asked.up(id) <= answersMax) neighbour.answer(held);
      else reporter.blame(neighbour.id, 'note', 'it asks for the same message again and again');
    }
    neighbour.flushLacks();
    return undefined;
  }

  /** A neighbour does not keep messages any more. Returns what is wrong with its frame. */
  lacks(neighbour: Neighbour, { ids }: Frame): string | undefined {
    const { missing, clock, counts } = this.#context;
    const count = ids.length / idBytes;
    if (!Number.isInteger(count) || count > frameIdsMax) {
      return `${ids.length} bytes of IDs that it does not keep`;
    }
    const nowMs = clock.now();
    for (let at = 0; at < ids.length; at += idBytes) {
      if (missing.withdrawn(textOf(ids, at), neighbour.id, nowMs)) counts.lost += 1;
    }
    if (missing.size > 0) this.#askTimer.wakeAt(nowMs + togetherMs);
    return undefined;
  }

  /**
   * A message has come. Returns whether it comes because this node had to ask for it, outside the
   * tree.
   */
  arrived(id: string): boolean {
    const { missing, clock } = this.#context;
    const isPulled = missing.size > 0 && missing.arrived(id, clock.now());
    this.resume();
    return isPulled;
  }

  /** There may be room for further messages. */
  resume(): void {
    const { missing, clock } = this.#context;
    if (!missing.isWaiting && this.#recalling.size === 0) return;
    this.#askTimer.wakeAt(clock.now() + togetherMs);
  }

  /** A message that could not be taken is asked for later. */
  later(id: string, { topic, hop: hops }: Frame, from: Neighbour): void {
    const { missing, clock, settings, counts } = this.#context;
    const nowMs = clock.now();
    missing.postponed(id, nowMs);
    const announcement = { by: from.id, hops, isPull: false };
    if (!missing.announced(id, topic, announcement, nowMs)) counts.droppedAnnouncements += 1;
    this.#askTimer.wakeAt(nowMs + settings.numbers.graftAfterMs);
  }

  left(neighbour: Neighbour): void {
    const { missing, clock } = this.#context;
    const nowMs = clock.now();
    this.#trees.forget(neighbour.id);
    this.#recalling.delete(neighbour);
    this.#behind.delete(neighbour);
    missing.gone(neighbour.id, nowMs);
    if (missing.size > 0) this.#askTimer.wakeAt(nowMs);
  }

  close(): void {
    this.#catchUpTimer.stop();
    this.#announceTimer.stop();
    this.#askTimer.stop();
  }

  /** The neighbour's digest goes on: it is asked for more when there is room for it. */
  #hasMore(neighbour: Neighbour, place: number): string | undefined {
    const fault = neighbour.recall.offered(place);
    if (fault === 'unasked') return 'a part of a digest that it was not asked for';
    if (fault === 'endless') {
      this.#context.reporter.blame(neighbour.id, 'note', 'its digest does not end');
      return undefined;
    }
    this.#recalling.add(neighbour);
    this.#recallMore();
    return undefined;
  }

  /** Asks for the next parts of digests: of neighbours of whose messages few are missing. */
  #recallMore(): void {
    const { missing, clock, settings } = this.#context;
    const { announcedMax, antiEntropyMs } = settings.numbers;
    for (const neighbour of this.#recalling) {
      if (missing.countOf(neighbour.id) > announcedMax / 2) continue;
      this.#recalling.delete(neighbour);
      neighbour.recall.ask(Math.max(0, Math.round(dateOf(clock)) - antiEntropyMs));
      neighbour.flushRecall();
    }
  }

  #note(neighbour: Neighbour, { topic, ids, hops, isPull }: Frame): void {
    const { store, seen, missing, clock, counts } = this.#context;
    if (!this.#context.wants(topic)) return;
    const nowMs = clock.now();
    let isMissing = false;
    let dropped = 0;
    for (let at = 0; at < ids.length; at += idBytes) {
      const id = textOf(ids, at);
      const held = store.get(id, nowMs);
      if (held !== undefined) noteKnownTo(held, neighbour.id);
      if (held !== undefined || seen.get(id) !== undefined) continue;
      const announcement = { by: neighbour.id, hops: hops[at / idBytes] ?? hopsLimit, isPull };
      if (missing.announced(id, topic, announcement, nowMs)) isMissing = true;
      else dropped += 1;
    }
    counts.droppedAnnouncements += dropped;
    // When there is room, a digest lists what was dropped.
    if (dropped > 0) this.beginRecall(neighbour);
    if (isMissing) {
      const waitMs = isPull ? togetherMs : this.#context.settings.numbers.graftAfterMs;
      this.#askTimer.wakeAt(nowMs + waitMs);
    }
  }

  #push(neighbour: Neighbour, held: Held): boolean {
    const { pushBytesMax } = this.#context.settings.numbers;
    return held.payloadBytes <= pushBytesMax && neighbour.push(held);
  }

  #announce(neighbour: Neighbour, held: Held, isPull: boolean): void {
    const { clock, settings } = this.#context;
    if (neighbour.announce(held, isPull)) neighbour.flush();
    else if (!isPull && !this.#announceTimer.isWaiting) {
      this.#announceTimer.wakeAt(clock.now() + settings.numbers.announceMs);
    }
  }

  #askForMissing(): void {
    const { missing, clock, counts, reporter } = this.#context;
    const { asks, silent, lost } = missing.due(clock.now(), this.#room());
    counts.lost += lost;
    for (const { to, id, topic } of asks) {
      const isGraft = !this.#trees.isEager(topic, to);
      if (isGraft) this.#trees.graft(topic, to);
      this.#neighbours.get(to)?.ask(id, topic, isGraft);
    }
    for (const neighbour of this.#neighbours) neighbour.flushAsks();
    this.#recallMore();
    for (const peer of silent) reporter.silent(peer);
    const { nextMs } = missing;
    if (nextMs !== undefined) this.#askTimer.wakeAt(Math.max(nextMs, clock.now() + togetherMs));
  }
}

function isBroughtTooOften(held: Held, by: Neighbour): boolean {
  const first = held.from === by.id ? 1 : 0;
  return first + by.brought.up(held.id) > answersMax;
}
