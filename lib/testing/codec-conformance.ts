import type { Codec } from '../codec/codec.ts';
import type { ErrorCode } from '../model/error.ts';
import { casesOf, mustHold, type Requirement } from './conformance-case.ts';
import { isLike } from './marbles/like.ts';
import { shown } from './marbles/shown.ts';
import { seededRandom } from './seeded-random.ts';
import type { ConformanceCase } from './transport-conformance.ts';

/** A codec and messages to test it with. */
export interface CodecSetup<T> {
  readonly codec: Codec<T>;
  /** Messages that it encodes, at least two: the more different, the better. */
  readonly messages: readonly T[];
  /** Messages of the type that it refuses to encode. Default: none. */
  readonly refused?: readonly T[];
  /** Default: every property of the message, at any depth, must be equal in the decoded one. */
  readonly isSame?: (decoded: T, message: T) => boolean;
}

/** How many times garbage is decoded. */
const garbageRuns = 500;

/**
 * The requirements on every codec, as test cases for any test framework. The garbage in them is the
 * same in every run.
 *
 *     const setup = { codec: json<string>(), messages: ['', 'hello'] };
 *     for (const { name, run } of codecConformance(setup)) it(name, run);
 */
export function codecConformance<T>(setup: CodecSetup<T>): readonly ConformanceCase[] {
  const suite = new Suite(setup);
  const { refused = [] } = setup;
  const cases: Requirement[] = [
    ['C-01 decodes what it has encoded', () => suite.roundTrips()],
    ['C-02 decodes bytes within a larger buffer', () => suite.decodesViews()],
    ['C-03 does not change the bytes that it decodes', () => suite.leavesBytes()],
    ['C-04 does not write again to bytes that it has returned', () => suite.keepsBytes()],
    ['C-05 does not change the message that it encodes', () => suite.leavesMessages()],
    ['C-06 refuses garbage with RXMESH_DECODE_FAILED, or decodes it', () => suite.survives()],
    ['C-07 works after it has refused something', () => suite.goesOn()],
  ];
  if (refused.length > 0) {
    cases.push(['C-08 refuses to encode with RXMESH_ENCODE_FAILED', () => suite.refuses()]);
  }
  return casesOf('codec', cases);
}

class Suite<T> {
  readonly #setup: CodecSetup<T>;

  constructor(setup: CodecSetup<T>) {
    mustHold(setup.messages.length >= 2, 'codec conformance needs two messages at least');
    this.#setup = setup;
  }

  roundTrips(): void {
    for (const message of this.#setup.messages) {
      const bytes = this.#encode(message);
      mustHold(
        bytes instanceof Uint8Array,
        `encode must return a Uint8Array, for ${text(message)}`,
      );
      this.#checkSame(this.#decode(bytes), message);
    }
  }

  decodesViews(): void {
    for (const message of this.#setup.messages) {
      const bytes = this.#encode(message);
      const buffer = new Uint8Array(bytes.length + 16).fill(0xff);
      buffer.set(bytes, 7);
      this.#checkSame(this.#decode(buffer.subarray(7, 7 + bytes.length)), message);
    }
  }

  leavesBytes(): void {
    for (const message of this.#setup.messages) {
      const bytes = this.#encode(message);
      const before = bytes.slice();
      this.#decode(bytes);
      mustHold(isLike(bytes, before), `decode must not change the bytes of ${text(message)}`);
    }
  }

  keepsBytes(): void {
    const { messages } = this.#setup;
    const kept = messages.map((message) => this.#encode(message));
    const before = kept.map((bytes) => bytes.slice());
    for (const message of messages.toReversed()) this.#encode(message);
    const changed = messages.find((_, at) => !isLike(kept[at], before[at]));
    mustHold(isLike(kept, before), `encode must not write again to the bytes of ${text(changed)}`);
  }

  leavesMessages(): void {
    for (const message of this.#setup.messages) {
      const before = text(message);
      this.#encode(message);
      mustHold(text(message) === before, `encode must not change ${before}`);
    }
  }

  refuses(): void {
    for (const message of this.#setup.refused ?? []) {
      const code = codeOf(() => this.#encode(message));
      this.#checkCode(code, 'RXMESH_ENCODE_FAILED', 'encode of', message);
    }
  }

  /** Random bytes, and encoded messages with a byte that is wrong, missing or added. */
  survives(): void {
    const random = seededRandom(1);
    const below = (end: number): number => Math.floor(random() * end);
    const encoded = this.#setup.messages.map((message) => this.#encode(message));
    for (let run = 0; run < garbageRuns; run += 1) {
      const bytes = Uint8Array.from({ length: below(64) }, () => below(256));
      const message = encoded[below(encoded.length)]?.slice() ?? bytes;
      if (message.length > 0) message[below(message.length)] = below(256);
      for (const each of [bytes, message, message.slice(0, below(message.length + 1))]) {
        const code = codeOf(() => this.#decode(each));
        if (code === 'none') continue;
        this.#checkCode(code, 'RXMESH_DECODE_FAILED', 'decode of', each);
      }
    }
  }

  goesOn(): void {
    const { refused = [] } = this.#setup;
    for (const message of refused) codeOf(() => this.#encode(message));
    for (const length of [0, 1, 40]) codeOf(() => this.#decode(new Uint8Array(length).fill(0xff)));
    this.roundTrips();
  }

  // Codecs are called as the library calls them: as methods.
  #encode(message: T): Uint8Array {
    return this.#setup.codec.encode(message);
  }

  #decode(bytes: Uint8Array): T {
    return this.#setup.codec.decode(bytes);
  }

  #checkSame(decoded: T, message: T): void {
    const { isSame = isLike } = this.#setup;
    if (isSame(decoded, message)) return;
    throw new Error(`${text(message)} came back as ${text(decoded)}`);
  }

  #checkCode(code: string, expected: ErrorCode, what: string, value: unknown): void {
    if (code === expected) return;
    throw new Error(`${what} ${text(value)} must throw ${expected}, but threw ${code}`);
  }
}

/** The code of what `work` throws; `none` if it does not. */
function codeOf(work: () => void): string {
  try {
    work();
  } catch (thrown) {
    const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined;
    return typeof code === 'string' ? code : String(thrown);
  }
  return 'none';
}

const text = (value: unknown): string => shown(value, () => undefined);
