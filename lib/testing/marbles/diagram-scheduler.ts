import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import type { Diagrams } from './diagrams.ts';
import { readDiagram } from './note.ts';

/**
 * The scheduler of a simulation. Unlike other `TestScheduler`s, its `run` ends with the longest
 * diagram: a network always has something to do later, such as dialing again.
 */
export class DiagramScheduler extends TestScheduler {
  readonly #diagrams: () => Diagrams;
  #isRunning = false;
  /** How long the diagrams of `hot` are. */
  #hotMs = 0;

  /** @param diagrams all of them, apart from those of `hot` */
  constructor(diagrams: () => Diagrams) {
    super(() => {
      throw new TypeError('use expect and expectSubscriptions of the simulation');
    });
    this.maxFrames = Infinity;
    this.#diagrams = diagrams;
  }

  override createHotObservable: TestScheduler['createHotObservable'] = (marbles, ...values) => {
    this.#hotMs = Math.max(this.#hotMs, readDiagram(marbles).ms);
    return super.createHotObservable(marbles, ...values);
  };

  override run<T>(test: (helpers: RunHelpers) => T): T {
    this.#isRunning = true;
    this.#hotMs = 0;
    this.#diagrams().begin();
    try {
      return super.run((helpers) => {
        const result = test(helpers);
        refuseAPromise(result);
        return result;
      });
    } catch (thrown) {
      // What this test expected is not for the next one.
      this.#diagrams().clear();
      throw thrown;
    } finally {
      this.#isRunning = false;
    }
  }

  override flush(): void {
    if (this.#isRunning)
      this.maxFrames = Math.max(this.#diagrams().endMs, this.frame + this.#hotMs);
    super.flush();
    if (this.#isRunning) this.frame = Math.max(this.frame, this.maxFrames);
  }
}

/** @throws {TypeError} if it is one */
function refuseAPromise(result: unknown): void {
  if (typeof result !== 'object' || result === null || !('then' in result)) return;
  // Its rejection would be reported as well, without a handler.
  if (result instanceof Promise) result.catch(() => undefined);
  throw new TypeError(
    'run: the test must not be async or return a promise: nothing after its first await would be ' +
      'checked. Await before run, or use at and advance',
  );
}
