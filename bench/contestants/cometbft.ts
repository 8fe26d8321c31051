import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { programPath } from '../cometbft/install.ts';
import type { Contestant, Setup, Take } from './contestant.ts';

/** The process of this side. Only one of its two is in use. */
let side: Side | undefined;

/**
 * CometBFT's own p2p, in Go: its switch and one reactor over its SecretConnection, with its rate
 * limits lifted and a queue of 4,096 messages. Each side is a process of its own, which counts and
 * checks its messages itself.
 */
export const cometBft: Contestant = {
  async listen({ bytes }: Setup, take: Take): Promise<string> {
    side = new Side(['listen', String(bytes)]);
    const address = await side.answer('at');
    let taken = 0;
    side.onCame = (count) => {
      while (taken < count) take(0, taken++);
    };
    return address;
  },

  async dial(address, { bytes }) {
    const dialer = new Side(['dial', address, String(bytes)]);
    side = dialer;
    await dialer.answer('up');
    return {
      async send(_, first, count) {
        dialer.say(`send ${first} ${count}`);
        await dialer.answer('sent');
      },
      async ping() {
        dialer.say('ping');
        await dialer.answer('pong');
      },
    };
  },

  async otherCpuUs() {
    if (side === undefined) return 0;
    side.say('cpu');
    return Number(await side.answer('cpu'));
  },
};

/** A process of `cometbft/main.go`, which ends with this one. */
class Side {
  /** Receives the number of all messages that came so far. */
  onCame: (count: number) => void = () => undefined;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: {
    readonly word: string;
    resolve(rest: string): void;
    reject(error: Error): void;
  }[] = [];

  constructor(args: readonly string[]) {
    this.#process = spawn(programPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.on('error', (error) => this.#fail(error));
    this.#process.on('exit', () => this.#fail(new Error('the process of CometBFT has ended')));
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#heard(line));
  }

  say(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  /** Resolves to the rest of the next line that begins with this word. */
  answer(word: string): Promise<string> {
    return new Promise((resolve, reject) => this.#waiting.push({ word, resolve, reject }));
  }

  #heard(line: string): void {
    const [word = '', rest = ''] = line.split(/ (.*)/);
    if (word === 'came') this.onCame(Number(rest));
    else if (word === 'fault') this.#fail(new Error(rest));
    else {
      const at = this.#waiting.findIndex((waiting) => waiting.word === word);
      if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve(rest);
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
