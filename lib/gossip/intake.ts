import { dateOf, type NodeId } from '../index.ts';
import type { Context } from './context.ts';
import type { Frame } from './frame.ts';
import { hold } from './hold.ts';
import type { Neighbour } from './neighbour.ts';
import type { Gossiped } from './options.ts';
import type { Outcome } from './seen.ts';
import { type Digest, digestOf, isSigned, originOf } from './signing.ts';
import type { Spread } from './spread.ts';
import type { GossipVerdict, Verdicts } from './verdicts.ts';

/** A message that has arrived. */
interface Arrived {
  readonly neighbour: Neighbour;
  readonly frame: Frame;
  readonly digest: Digest;
  /** Whether it was asked for, outside the tree. */
  readonly isPulled: boolean;
  /** Whether it was sent before the neighbour opened the channel again. */
  readonly isPast: boolean;
}

/** Takes in messages: checks them, has them judged, and passes on those that are accepted. */
export class Intake {
  readonly #context: Context;
  readonly #spread: Spread;
  readonly #verdicts: Verdicts<Gossiped<unknown>>;
  readonly #decode: (bytes: Uint8Array) => unknown;
  readonly #accepted: (incoming: Gossiped<unknown>) => void;

  constructor(
    context: Context,
    spread: Spread,
    verdicts: Verdicts<Gossiped<unknown>>,
    decode: (bytes: Uint8Array) => unknown,
    accepted: (incoming: Gossiped<unknown>) => void,
  ) {
    this.#context = context;
    this.#spread = spread;
    this.#verdicts = verdicts;
    this.#decode = decode;
    this.#accepted = accepted;
  }

  /** A neighbour brings a message. Returns how it breaks the protocol. */
  received(neighbour: Neighbour, frame: Frame): string | undefined {
    const { channel, settings, seen, counts } = this.#context;
    const digest = digestOf(frame, channel.id);
    const outcome = seen.get(digest.id);
    if (outcome !== undefined) {
      this.#again(neighbour, frame, digest.id, outcome);
      return undefined;
    }
    const origin = originOf(frame, settings.signed);
    if (origin === undefined) return 'a message without a valid origin';
    if (settings.signed && !isSigned(frame, digest)) return 'a message with a forged signature';
    if (!this.#isTimely(frame)) {
      this.#spread.arrived(digest.id);
      return undefined;
    }
    if (this.#verdicts.isFull) {
      this.#spread.later(digest.id, frame, neighbour);
      return undefined;
    }
    const isPulled = this.#spread.arrived(digest.id);
    counts.received += 1;
    this.#judge(origin, { neighbour, frame, digest, isPulled, isPast: !neighbour.hasGreeted });
    return undefined;
  }

  /** Whether the message may be taken now, and here. */
  #isTimely({ dateMs, topic, hop }: Frame): boolean {
    const { clock, counts, settings, wants } = this.#context;
    if (Math.abs(dateOf(clock) - dateMs) > settings.numbers.seenMs) {
      counts.stale += 1;
      return false;
    }
    if (wants(topic) && hop < settings.numbers.hopsMax) return true;
    counts.unwanted += 1;
    return false;
  }

  #judge(origin: NodeId, arrived: Arrived): void {
    const { neighbour, frame, digest } = arrived;
    const { seen, clock, settings, reporter } = this.#context;
    seen.add(digest.id, clock.now());
    if (settings.origins?.(origin) === false) {
      this.#reject(
        neighbour.id,
        digest.id,
        'it brings a message of an origin that may not publish',
      );
      return;
    }
    let message: unknown;
    try {
      message = this.#decode(frame.payload);
    } catch {
      this.#reject(neighbour.id, digest.id, 'it brings a message that does not decode');
      return;
    }
    const { topic } = frame;
    const incoming = { message, origin, topic, from: neighbour.id, hops: frame.hop + 1 };
    this.#verdicts.judge(incoming, (verdict, error) => {
      if (error !== undefined) reporter.verdictFailed(neighbour.id, error);
      this.#settle(arrived, incoming, verdict);
      this.#spread.resume();
    });
  }

  #settle(arrived: Arrived, incoming: Gossiped<unknown>, verdict: GossipVerdict): void {
    const { counts } = this.#context;
    switch (verdict) {
      case 'accept':
        counts.accepted += 1;
        this.#pass(arrived, incoming.origin);
        this.#accepted(incoming);
        return;
      case 'ignore':
        counts.ignored += 1;
        return;
      case 'reject':
        this.#reject(
          incoming.from,
          arrived.digest.id,
          'it brings a message that the verdict rejects',
        );
    }
  }

  #pass(
    { neighbour: { id, isGone }, frame, digest, isPulled, isPast }: Arrived,
    origin: NodeId,
  ): void {
    frame.hop += 1;
    // A peer that has started again since may know nothing of it: it is asked.
    const isOver = isGone || isPast;
    const held = hold(this.#context, frame, digest, origin, isOver ? undefined : id);
    this.#spread.relay(held, isPulled || isOver);
  }

  #reject(peer: NodeId, id: string, reason: string): void {
    const { seen, counts, reporter } = this.#context;
    seen.reject(id);
    counts.rejected += 1;
    reporter.blame(peer, 'penalize', reason);
  }

  #again(neighbour: Neighbour, frame: Frame, id: string, outcome: Outcome): void {
    const { store, clock, reporter, counts } = this.#context;
    counts.duplicates += 1;
    if (outcome === 'rejected') {
      reporter.blame(neighbour.id, 'penalize', 'it brings a message that was rejected');
    }
    if (neighbour.hasGreeted) this.#spread.duplicate(neighbour, frame, store.get(id, clock.now()));
  }
}
