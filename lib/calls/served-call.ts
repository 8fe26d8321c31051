import type { Subscription } from 'rxjs';
import type { ErrorCode, RxmeshError } from '../index.ts';
import { CallError, errorFrame, type Status, statuses } from './call-error.ts';
import type { CallPeer, Served } from './call-peer.ts';
import { timeoutMaxMs } from './check.ts';
import { encoded } from './encoded.ts';
import type { CallBoard } from './call-board.ts';
import { Frame, kinds } from './frame.ts';
import { FrameSource } from './frame-queue.ts';
import { type Answers, flowOf, isPromise } from './handler.ts';
import { Incomer } from './incomer.ts';
import type { NamedMethod } from './method.ts';
import { Outflow, type OutflowOwner } from './outflow.ts';
import { RequestFlow } from './request-flow.ts';

/** What serves a method. */
export interface Service<Request, Response> {
  readonly method: NamedMethod<Request, Response>;
  readonly answer: (call: Incomer<Request>) => Answers<Response>;
}

/**
 * A call that a peer makes, until the peer knows its end. It sends `answer`, `end`, `error` and
 * `requestCredit` frames, and receives the rest.
 */
export class ServedCall<Request, Response>
  extends FrameSource
  implements Served, OutflowOwner<Response>
{
  readonly #board: CallBoard;
  readonly #service: Service<Request, Response>;
  readonly #peer: CallPeer;
  readonly #number: number;
  readonly #isNotice: boolean;
  readonly #outflow: Outflow<Response>;
  /** The requests of a call that sends a stream of them. */
  readonly #requests: RequestFlow<Request> | undefined;
  #call: Incomer<Request> | undefined;
  #timer: Subscription | undefined;
  /** The promise of a handler that has not settled. */
  #promise: PromiseLike<unknown> | undefined;
  /** What there is to tell the caller instead of answers. */
  #failure: Frame | undefined;
  #isOver = false;

  constructor(
    board: CallBoard,
    service: Service<Request, Response>,
    peer: CallPeer,
    { call, kind, credit }: Frame,
  ) {
    super();
    this.#board = board;
    this.#service = service;
    this.#peer = peer;
    this.#number = call;
    this.#isNotice = kind === kinds.notify;
    // Nobody asks for the answers to a notice: its source is left at the first one.
    this.#outflow = new Outflow(this.#isNotice ? 1 : credit, this);
    if (kind !== kinds.channel) return;
    const { clock, limits } = board;
    this.#requests = new RequestFlow(service.method.request, {
      clock,
      window: limits.window,
      onDue: () => peer.queue.add(this),
    });
  }

  start({ payload, timeoutMs: leftMs, headers }: Frame): void {
    // A peer may send more, and a timer that overflows would fire at once.
    const timeoutMs = Math.min(leftMs, timeoutMaxMs);
    const { method, answer } = this.#service;
    const { clock } = this.#board;
    let request: Request | undefined;
    try {
      if (this.#requests === undefined) request = method.request.decode(payload);
    } catch {
      this.#fail(statuses.refused, 'the request does not decode');
      return;
    }
    const dueAtMs = timeoutMs === 0 ? 0 : clock.now() + timeoutMs;
    if (timeoutMs > 0) this.#timer = clock.schedule(() => this.#late(), timeoutMs);
    const call = new Incomer<Request>(this.#peer.id, method.name, clock);
    call.request = request;
    call.requests = this.#requests?.flow;
    call.dueAtMs = dueAtMs;
    if (headers !== undefined) call.headers = headers;
    this.#call = call;
    try {
      this.#answer(answer(call));
    } catch (thrown) {
      this.#threw(thrown);
    }
  }

  /** The caller wants more answers. */
  granted(credit: number): void {
    this.#outflow.grant(credit);
  }

  requested({ payload, more, isLast }: Frame): void {
    const requests = this.#requests;
    if (!this.#take(payload) || more?.every((next) => this.#take(next)) === false) return;
    if (isLast) requests?.complete();
    else if (requests !== undefined && requests.due > 0) this.#peer.queue.add(this);
  }

  /** Takes a request. Returns false if the call is over. */
  #take(payload: Uint8Array): boolean {
    const requests = this.#requests;
    if (requests?.spend() !== true) {
      const what = `more requests of call ${this.#number} than asked for`;
      const error = this.#peer.violation('RXMESH_CREDIT_EXCEEDED', what);
      this.cancel(error.code, error.message);
      this.#peer.report(error);
      return false;
    }
    try {
      requests.deliver(payload);
    } catch {
      this.#fail(statuses.refused, 'a request does not decode');
      this.#stop('RXMESH_DECODE_FAILED', 'a request does not decode');
      return false;
    }
    return !this.#isOver;
  }

  requestsEnded(): void {
    this.#requests?.complete();
  }

  /** The caller wants no answers any more. */
  cancel(code: ErrorCode, text: string): void {
    if (this.#isOver) return;
    this.#over();
    this.#peer.queue.remove(this);
    this.#stop(code, text);
  }

  override takeFrame(valuesMax: number): Frame | undefined {
    if (this.#isOver) return undefined;
    if (this.#failure !== undefined) {
      this.#finish();
      return this.#failure;
    }
    const credit = this.#requests?.grant() ?? 0;
    if (credit > 0) {
      const frame = new Frame(kinds.requestCredit, this.#number);
      frame.credit = credit;
      return frame;
    }
    return this.#outflow.hasValue ? this.#nextAnswers(valuesMax) : this.#lastFrame();
  }

  override hasFrame(): boolean {
    if (this.#isOver) return false;
    if (this.#failure !== undefined || (this.#requests?.due ?? 0) > 0) return true;
    return this.#outflow.hasValue || this.#outflow.isDone;
  }

  override notSent(error: unknown): void {
    const frame = this.#failure ?? this.#shown(error);
    this.cancel('RXMESH_CALL_CANCELLED', 'an answer is too long for the caller');
    // The frame may have been the last one, with which the place was given up.
    this.#peer.refuse(frame);
  }

  #answer(answers: Answers<Response>): void {
    if (isPromise(answers)) {
      this.#promise = answers;
      answers.then(
        (value) => {
          this.#promise = undefined;
          this.#answerOnce(value);
        },
        (error: unknown) => {
          this.#promise = undefined;
          this.#threw(error);
        },
      );
      return;
    }
    const flow = flowOf(answers, (over) => this.#board.keepPlace(this.#peer.id, over));
    if (flow !== undefined) this.#outflow.from(flow);
    else this.#answerOnce(answers as Response | undefined);
  }

  #answerOnce(value: Response | undefined): void {
    if (value === undefined) this.#outflow.complete();
    else this.#outflow.only(value);
  }

  /** There are answers to send, or their end. */
  ready(): void {
    if (this.#isOver) return;
    if (!this.#isNotice) {
      this.#peer.queue.add(this);
      return;
    }
    // Nobody wants further answers, and there may be no end of them.
    this.#outflow.stop();
    this.#finish();
    const { failure } = this.#outflow;
    if (failure !== undefined) this.#report(failure.error);
  }

  encode(value: Response): Uint8Array {
    return encoded(this.#service.method.response, value);
  }

  #nextAnswers(valuesMax: number): Frame | undefined {
    const frame = new Frame(kinds.answer, this.#number);
    if (!this.#outflow.fill(frame, valuesMax)) {
      const hasFailed = !this.#isOver && this.#outflow.failure !== undefined;
      return hasFailed ? this.#lastFrame() : undefined;
    }
    if (this.#outflow.isDone && this.#outflow.failure === undefined) {
      frame.isLast = true;
      this.#finish();
    }
    return frame;
  }

  #lastFrame(): Frame | undefined {
    const { isDone, failure } = this.#outflow;
    if (!isDone) return undefined;
    this.#finish();
    if (failure === undefined) return new Frame(kinds.end, this.#number);
    this.#failure = this.#shown(failure.error);
    return this.#failure;
  }

  /** The handler has failed, or what it answered cannot be sent. */
  #threw(thrown: unknown): void {
    if (this.#isOver || this.#failure !== undefined) return;
    if (this.#isNotice) {
      this.#over();
      this.#report(thrown);
      return;
    }
    this.#failure = this.#shown(thrown);
    this.#outflow.stop();
    this.#peer.queue.add(this);
  }

  /** What the caller learns of an error. */
  #shown(thrown: unknown): Frame {
    if (thrown instanceof CallError) {
      return errorFrame(this.#number, statuses.failed, thrown.message, thrown.reason);
    }
    this.#report(thrown);
    return errorFrame(this.#number, statuses.failed, 'the handler has failed');
  }

  /** The error itself is for this node only. */
  #report(thrown: unknown): void {
    const { name } = this.#service.method;
    const what = name === '' ? 'the handler of calls' : `the handler of ${name}`;
    const text = `${what}, called by ${this.#peer.id}, has failed`;
    this.#board.report(thrown, text, this.#peer.id);
  }

  #late(): void {
    const text = 'the call timed out';
    this.#fail(statuses.timeout, text);
    this.#stop('RXMESH_CALL_TIMEOUT', text);
  }

  #fail(status: Status, text: string): void {
    if (this.#isNotice) {
      this.#board.dropped += 1;
      this.#over();
      return;
    }
    this.#failure = errorFrame(this.#number, status, text);
    this.#peer.queue.add(this);
  }

  #stop(code: ErrorCode, text: string): void {
    this.#outflow.stop();
    const reasonOf = (): RxmeshError => this.#board.error(code, text, this.#peer.id);
    this.#call?.abort(reasonOf);
    if (this.#requests !== undefined) this.#requests.error(reasonOf());
  }

  /** The call ends from this side, perhaps before all requests have come. */
  #finish(): void {
    this.#over();
    if (this.#requests === undefined) return;
    const text = 'the call has ended';
    this.#requests.error(this.#board.error('RXMESH_CALL_CANCELLED', text, this.#peer.id));
  }

  /** Frees the place, once the handler is over: the caller knows the end, or will. */
  #over(): void {
    this.#isOver = true;
    this.#timer?.unsubscribe();
    this.#peer.served(this.#number);
    if (this.#promise !== undefined) this.#board.keepPlace(this.#peer.id, this.#promise);
  }
}
