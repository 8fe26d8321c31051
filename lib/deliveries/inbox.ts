import type { Subscription } from 'rxjs';
import type { NodeId, RxmeshError, StoreOperation } from '../index.ts';
import { Attempt } from './attempt.ts';
import { DeliveryError, failedFrame, statuses } from './delivery-error.ts';
import { epochBytes, failuresMax, Frame, kinds, wireVersion } from './frame.ts';
import type { InboxHost } from './hosts.ts';

/** A message that is being handled. */
interface Current {
  readonly seq: number;
  readonly payload: Uint8Array;
  readonly epoch: Uint8Array;
  /** Whether it is to be handled now: neither is its handler running, nor is it too early. */
  isReady: boolean;
  /** Whether it has come in this opening, so that it counts for the window. */
  isCounted: boolean;
  attempts: number;
  attempt: Attempt | undefined;
  timer: Subscription | undefined;
}

/** Why a message cannot be handled here, for the sender. */
interface Problem {
  readonly code: 'RXMESH_PROTOCOL_VIOLATION' | 'RXMESH_CREDIT_EXCEEDED';
  readonly what: string;
}

/** The messages from one peer: which of them this node has handled, and those that wait. */
export class Inbox {
  readonly from: NodeId;
  readonly #host: InboxHost;
  #epoch: Uint8Array = new Uint8Array(0);
  /** Everything up to this number is handled. */
  #handled = 0;
  /** What the handler has given up on, until the sender has noted it. */
  #failures: Frame[] = [];
  #current: Current | undefined;
  /** What the sender does not know any more, while its handler's promise runs on. */
  #left: Current | undefined;
  #waiting: Frame[] = [];
  #waitingBytes = 0;
  // Of the present opening.
  #opening = 0;
  #wake: (() => void) | undefined;
  #isResumed = false;
  #isRefused = false;
  /** The number of the last message of the opening. */
  #seen = 0;
  #acked = 0;
  #failuresSent = 0;
  /** The last frame, if it was a failure. */
  #taken: Frame | undefined;
  #turn: Subscription | undefined;
  #isLooping = false;

  constructor(from: NodeId, host: InboxHost) {
    this.from = from;
    this.#host = host;
  }

  /** Whether there is nothing to remember. */
  get isBlank(): boolean {
    return this.#epoch.length === 0;
  }

  get isIdle(): boolean {
    return (this.#current ?? this.#left ?? this.#wake) === undefined;
  }

  /** Takes what the store has. */
  restore(state: Frame, failures: readonly Frame[]): void {
    this.#epoch = state.epoch;
    this.#handled = state.seq;
    this.#failures = failures.filter(({ seq }) => seq <= state.seq);
  }

  // For the line to the peer

  /** The peer begins anew. Returns what is wrong with that. */
  opened({ version, epoch, opening }: Frame, wake: () => void): string | undefined {
    if (version === wireVersion && epoch.length !== epochBytes) {
      return `opens with an epoch of ${epoch.length} bytes instead of ${epochBytes}`;
    }
    this.close();
    this.#wake = wake;
    this.#opening = opening;
    this.#isRefused = version !== wireVersion;
    if (!this.#isRefused && !isSame(epoch, this.#epoch)) this.#renew(epoch.slice());
    wake();
    return undefined;
  }

  /** The peer cannot be reached any more. What is being handled goes on. */
  close(): void {
    this.#wake = undefined;
    this.#isResumed = false;
    this.#isRefused = false;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#failuresSent = 0;
    if (this.#current !== undefined) this.#current.isCounted = false;
    this.#turn?.unsubscribe();
    this.#turn = undefined;
  }

  /** A message has arrived. Returns what is wrong with it. */
  received({ seq, skip, payload }: Frame): Problem | undefined {
    if (!this.#isResumed) return undefined;
    if (seq <= this.#seen || seq - 1 - skip !== this.#seen) {
      const others = `behind ${skip} others that were withdrawn, after ${this.#seen}`;
      const what = `sends message ${seq} ${others}`;
      return { code: 'RXMESH_PROTOCOL_VIOLATION', what };
    }
    this.#seen = seq;
    // It was being handled when the opening resumed, and has been handled since.
    if (seq <= this.#handled) return undefined;
    // It is still being handled since the last connection.
    if (this.#current?.seq === seq) {
      this.#current.isCounted = true;
      return undefined;
    }
    const { window, windowBytes } = this.#host;
    const isFull = this.#waiting.length + (this.#current?.isCounted === true ? 1 : 0) >= window;
    if (isFull || this.#waitingBytes >= windowBytes) {
      return { code: 'RXMESH_CREDIT_EXCEEDED', what: `sends message ${seq}, beyond its window` };
    }
    const frame = new Frame(kinds.message, seq);
    // A view would keep everything that was read with it.
    frame.payload = payload.slice();
    this.#waiting.push(frame);
    this.#waitingBytes += payload.length;
    this.next();
    return undefined;
  }

  /** The sender has taken note of failures. */
  noted(seq: number): void {
    const { journal } = this.#host;
    const known = this.#failures.filter((failure) => failure.seq <= seq);
    if (known.length === 0) return;
    this.#failures = this.#failures.filter((failure) => failure.seq > seq);
    this.#failuresSent = Math.max(0, this.#failuresSent - known.length);
    journal.owe(known.map((failure) => journal.del('failure', this.from, failure.seq)));
    this.next();
  }

  /** The frame whose turn it is. */
  takeFrame(): Frame | undefined {
    this.#taken = undefined;
    if (this.#wake === undefined) return undefined;
    if (this.#isRefused) {
      this.close();
      return this.#refusal();
    }
    const failure = this.#failures[this.#failuresSent];
    if (failure !== undefined) {
      this.#failuresSent += 1;
      failure.opening = this.#opening;
      this.#taken = failure;
      return failure;
    }
    if (!this.#isResumed) return this.#host.hasHandler ? this.#resume() : undefined;
    if (this.#acked === this.#handled) return undefined;
    this.#acked = this.#handled;
    const frame = new Frame(kinds.acked, this.#handled);
    frame.opening = this.#opening;
    return frame;
  }

  /** The channel does not take the last frame. A failure is sent again, without its texts. */
  notSent(): void {
    const failure = this.#taken;
    if (failure === undefined || (failure.text === '' && failure.reason === '')) return;
    if (failure.text === '') failure.reason = '';
    failure.text = '';
    this.#failuresSent -= 1;
  }

  // For the node

  /** There is a handler, or a place for one. */
  next(): void {
    if (this.#isLooping) return;
    this.#isLooping = true;
    for (let current = this.#ready(); current !== undefined; current = this.#ready()) {
      this.#try(current);
    }
    this.#isLooping = false;
    if (!this.#isResumed) this.#wake?.();
  }

  /** Deletes what the store has of it. */
  forget(): void {
    const { journal } = this.#host;
    const failures = this.#failures.map(({ seq }) => journal.del('failure', this.from, seq));
    journal.owe([journal.del('inbox', this.from), ...failures]);
  }

  /** Leaves the handler and forgets what waits. */
  end(error: RxmeshError): void {
    this.close();
    this.#abandon(error);
    if (this.#left !== undefined) this.#stopped(this.#left);
  }

  /** The message to handle now, if there is one, and a place for it. */
  #ready(): Current | undefined {
    if (this.#current === undefined) this.#current = this.#take();
    const current = this.#current;
    if (current?.isReady !== true || !this.#host.hasHandler) return undefined;
    // A sender has one handler at a time, also when it starts again.
    if (this.#left !== undefined) return undefined;
    return this.#host.mayRun(this) ? current : undefined;
  }

  #take(): Current | undefined {
    if (this.#failures.length >= failuresMax) return undefined;
    const frame = this.#waiting.shift();
    if (frame === undefined) return undefined;
    const { seq, payload } = frame;
    this.#waitingBytes -= payload.length;
    const once = { isReady: true, isCounted: true, attempts: 0 };
    return { seq, payload, epoch: this.#epoch, ...once, attempt: undefined, timer: undefined };
  }

  #try(current: Current): void {
    const { clock, rules, journal } = this.#host;
    current.isReady = false;
    current.attempts += 1;
    let message: unknown;
    try {
      message = this.#host.decode(current.payload);
    } catch (thrown) {
      const text = 'the message does not decode';
      this.#report(thrown, current, text);
      this.#settle(current, [], failedFrame(current.seq, statuses.unreadable, text));
      return;
    }
    const attempt = new Attempt(this.from, message, current.attempts, (operations, thrown) => {
      this.#stopped(current);
      if (operations === undefined) this.#failed(current, thrown);
      else if (operations.length > 0 && !journal.hasStore) this.#failed(current, noStore());
      else this.#settle(current, operations);
    });
    current.attempt = attempt;
    this.#host.runs(1);
    if (rules.handlerTimeoutMs !== Infinity) {
      current.timer = clock.schedule(() => this.#late(current), rules.handlerTimeoutMs);
    }
    attempt.run(this.#host.call);
  }

  /** The handler does not run any more. */
  #stopped(current: Current): void {
    current.timer?.unsubscribe();
    current.timer = undefined;
    if (current.attempt === undefined) return;
    current.attempt = undefined;
    if (this.#left === current) this.#left = undefined;
    this.#host.runs(-1);
  }

  #late(current: Current): void {
    const text = `the handler has not finished in ${this.#host.rules.handlerTimeoutMs} ms`;
    const error = this.#host.error('RXMESH_DELIVERY_TIMEOUT', text, this.from);
    current.attempt?.abort(error);
    this.#stopped(current);
    if (current === this.#current) this.#failed(current, error);
    else this.next();
  }

  #failed(current: Current, thrown: unknown): void {
    const { maxAttempts, retryMinMs, retryMaxMs } = this.#host.rules;
    const { seq, attempts } = current;
    if (thrown instanceof DeliveryError) {
      const { message, reason } = thrown;
      this.#settle(current, [], failedFrame(seq, statuses.failed, message, reason));
    } else if (attempts >= maxAttempts) {
      const text = `the handler has failed ${attempts} times`;
      this.#report(thrown, current, text);
      this.#settle(current, [], failedFrame(seq, statuses.failed, text));
    } else {
      const delayMs = Math.min(retryMaxMs, retryMinMs * 2 ** (attempts - 1));
      // The last failure may be far away, and there is none if the node stops before.
      if (attempts === 1) {
        const text = `the handler has failed, and runs again in ${delayMs} ms`;
        this.#report(thrown, current, `${text}, up to ${maxAttempts} times in all`);
      }
      current.timer = this.#host.clock.schedule(() => {
        current.isReady = true;
        this.next();
      }, delayMs);
    }
  }

  /** Writes that a message is handled, with the changes of its handler. */
  #settle(current: Current, operations: readonly StoreOperation[], failure?: Frame): void {
    const { journal, clock, rules } = this.#host;
    if (current !== this.#current) return;
    const state = new Frame(kinds.resume, current.seq);
    state.epoch = current.epoch;
    const changes = [...operations];
    if (journal.hasStore) changes.push(journal.put('inbox', this.from, state));
    if (failure !== undefined && journal.hasStore) {
      changes.push(journal.put('failure', this.from, failure));
    }
    journal.write(changes, (error) => {
      if (current !== this.#current) return;
      if (error === undefined) {
        this.#done(current, failure);
        return;
      }
      // The handler has done its part, so only the write is tried again.
      this.#host.report(this.#host.storeFailed(error, this.from));
      const again = (): void => this.#settle(current, operations, failure);
      current.timer = clock.schedule(again, rules.retryMaxMs);
    });
  }

  #done(current: Current, failure: Frame | undefined): void {
    this.#handled = current.seq;
    this.#current = undefined;
    if (failure !== undefined) this.#failures.push(failure);
    this.#tell();
    this.next();
  }

  /** At the end of the turn, so that one frame acknowledges everything that it has handled. */
  #tell(): void {
    if (this.#wake === undefined || this.#turn !== undefined) return;
    this.#turn = this.#host.clock.afterTurn(() => {
      this.#turn = undefined;
      this.#wake?.();
    });
  }

  /** The sender remembers nothing of what it has sent before: this is another one. */
  #renew(epoch: Uint8Array): void {
    const { journal } = this.#host;
    const seqs = this.#failures.map(({ seq }) => seq);
    // Its failure may be on its way to the store.
    if (this.#current !== undefined) seqs.push(this.#current.seq);
    const text = `${this.from} has started again, and does not know this message`;
    this.#abandon(this.#host.error('RXMESH_DELIVERY_REFUSED', text, this.from));
    journal.owe(seqs.map((seq) => journal.del('failure', this.from, seq)));
    this.#failures = [];
    this.#epoch = epoch;
    this.#handled = 0;
  }

  #abandon(error: RxmeshError): void {
    const current = this.#current;
    this.#current = undefined;
    if (current?.attempt === undefined) {
      current?.timer?.unsubscribe();
      return;
    }
    this.#left = current;
    current.attempt.abort(error, () => {
      if (this.#left !== current) return;
      this.#stopped(current);
      this.next();
    });
  }

  #resume(): Frame {
    this.#isResumed = true;
    this.#seen = this.#handled;
    this.#acked = this.#handled;
    const frame = new Frame(kinds.resume, this.#handled);
    frame.opening = this.#opening;
    frame.window = this.#host.window;
    frame.windowBytes = this.#host.windowBytes;
    return frame;
  }

  #refusal(): Frame {
    const frame = new Frame(kinds.refused);
    frame.opening = this.#opening;
    frame.status = statuses.version;
    frame.text = `this node speaks version ${wireVersion}`;
    return frame;
  }

  #report(thrown: unknown, { seq }: Current, text: string): void {
    const what = `message ${seq} of ${this.from}: ${text}`;
    this.#host.report(this.#host.error('RXMESH_DELIVERY_FAILED', what, this.from, thrown));
  }
}

function noStore(): TypeError {
  return new TypeError('the handler returned changes for the store, but there is no store');
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
