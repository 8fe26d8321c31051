import { kinds, type Kind, type NodeRun, type Received, type Sent } from './messages.ts';

/** A line of a ledger of sent messages, while it is written. */
export interface SentLine extends Sent {
  first: number;
  last: number;
  /** Whether the connection has ended. */
  isOver: boolean;
}

/** Which messages were accepted for whom: a line for each kind of item and each connection. */
export class SentLedger {
  readonly lines: SentLine[] = [];
  /** Accepted messages, a broadcast counted once for each recipient. */
  total = 0;
  #open: readonly SentLine[] = [];

  up(to: NodeRun): void {
    const begun = kinds.map((kind) => ({ kind, to, first: 1, last: 0, isOver: false }));
    this.lines.push(...begun);
    this.#open = [...this.#open, ...begun];
  }

  down(node: number): void {
    for (const line of this.#open) if (line.to.node === node) line.isOver = true;
    this.#open = this.#open.filter((line) => !line.isOver);
  }

  /** The lines that one message now counts for: to one node, or to all. */
  open(kind: Kind, node?: number): readonly SentLine[] {
    return this.#open.filter(
      (line) => line.kind === kind && (node === undefined || line.to.node === node),
    );
  }

  accepted(lines: readonly SentLine[], seq: number): void {
    for (const line of lines) {
      line.first = line.last === 0 ? seq : Math.min(line.first, seq);
      line.last = Math.max(line.last, seq);
      this.total += 1;
    }
  }
}

interface ReceivedLine extends Received {
  readonly stretches: [first: number, last: number][];
  disorder: number;
}

/** Which messages have arrived from whom: a line for each kind of item and each run of a sender. */
export class ReceivedLedger {
  total = 0;
  readonly #lines = new Map<string, ReceivedLine>();

  get lines(): readonly Received[] {
    return [...this.#lines.values()];
  }

  take(kind: Kind, from: NodeRun, seq: number): void {
    this.total += 1;
    const key = `${kind} ${from.node} ${from.run}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { kind, from, stretches: [], disorder: 0 };
      this.#lines.set(key, line);
    }
    const last = line.stretches.at(-1);
    if (last === undefined || seq > last[1] + 1) line.stretches.push([seq, seq]);
    else if (seq === last[1] + 1) last[1] = seq;
    else line.disorder += 1;
  }
}
