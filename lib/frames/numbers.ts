/** The highest number, after which they start at 1 again. */
const numberMax = 2 ** 32 - 1;

/**
 * Numbers from 1 on, none of them twice until all have been given. They tell what belongs to a
 * service from what is still on its way to the one that was open before it.
 */
export class Numbers {
  #last = 0;
  #hasWrapped = false;

  /** The last number that was given; 0 if there is none. */
  get last(): number {
    return this.#last;
  }

  next(): number {
    if (this.#last === numberMax) {
      this.#last = 0;
      this.#hasWrapped = true;
    }
    this.#last += 1;
    return this.#last;
  }

  /** Whether this number has ever been given. */
  wasGiven(number: number): boolean {
    return this.#hasWrapped || (number > 0 && number <= this.#last);
  }
}

const numbersByRouter = new WeakMap<object, Map<number, Numbers>>();

/**
 * The numbers of a router's channel. They go on when the channel is closed and opened again, since
 * the connections go on as well.
 */
export function numbersOf(router: object, channel: number): Numbers {
  let byChannel = numbersByRouter.get(router);
  if (byChannel === undefined) {
    byChannel = new Map();
    numbersByRouter.set(router, byChannel);
  }
  let numbers = byChannel.get(channel);
  if (numbers === undefined) {
    numbers = new Numbers();
    byChannel.set(channel, numbers);
  }
  return numbers;
}
