import type { Child } from './child.ts';

interface Sample {
  readonly atMs: number;
  readonly received: number;
  readonly accepted: number;
}

/** Makes a table of the nodes, with rates since it was made the last time. */
export class Table {
  readonly #samples = new WeakMap<Child, Sample>();

  /** @returns the table's lines, and one line that says the same in short */
  of(children: readonly Child[], seconds: number): { lines: string[]; short: string } {
    const rows = children.map((child) => this.#rowOf(child));
    const lines = [
      ' node      pid   up since   peers     in/s    out/s   drops',
      ...rows.map(({ child, received, accepted }) => {
        const { settings, pid, upSince, peers, totals } = child;
        const cells = [settings.node, pid, timeOf(upSince), peers.size];
        const rates = [format(received), format(accepted), format(totals.dropped)];
        return [...cells, ...rates]
          .map((cell, i) => String(cell).padStart(widths[i] ?? 0))
          .join('');
      }),
      ` ${seconds} s. Ctrl-C ends it.`,
    ];
    const sum = (value: (row: Row) => number): number =>
      rows.reduce((all, row) => all + value(row), 0);
    const up = rows.filter(({ child }) => child.peers.size > 0).length;
    const received = format(sum((row) => row.received));
    const accepted = format(sum((row) => row.accepted));
    const dropped = format(sum(({ child }) => child.totals.dropped));
    const short = `${seconds} s: ${up} nodes up, ${received}/s in, ${accepted}/s out, ${dropped} dropped`;
    return { lines, short };
  }

  #rowOf(child: Child): Row {
    const { totals, totalsAtMs: atMs } = child;
    const now = { atMs, received: totals.received, accepted: totals.accepted };
    const before = this.#samples.get(child) ?? now;
    this.#samples.set(child, now);
    const passed = Math.max(1, now.atMs - before.atMs) / 1000;
    return {
      child,
      received: (now.received - before.received) / passed,
      accepted: (now.accepted - before.accepted) / passed,
    };
  }
}

interface Row {
  readonly child: Child;
  /** Messages a second. */
  readonly received: number;
  /** Messages a second. */
  readonly accepted: number;
}

const widths = [5, 9, 11, 8, 9, 9, 8];

/** A whole number for people: `12,345`. */
function format(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function timeOf(date: Date | undefined): string {
  return date?.toTimeString().slice(0, 8) ?? '-';
}
