import type { Account, NodeRun, Received } from './messages.ts';

/** What became of all messages, once nothing is under way any more. */
export interface Balance {
  /**
   * Accepted by `send`, for nodes that have not died since, from nodes that have not died since.
   */
  readonly accepted: number;
  /** Of these, how many have arrived. */
  readonly received: number;
  /**
   * Accepted, and never arrived; or left out between two that arrived from a node that has died.
   */
  readonly missing: number;
  /** Arrived twice, or behind a later one; or arrived though nobody knows to have sent them. */
  readonly wrong: number;
  /** Accepted for a node that has died since. Nobody can tell how many it got. */
  readonly acceptedForDead: number;
  /** Arrived from a node that has died since. Nobody can tell what else it had sent. */
  readonly receivedFromDead: number;
  /** Messages that were dropped, by the reason that the routers told. */
  readonly drops: ReadonlyMap<string, number>;
}

/**
 * Compares what was sent with what has arrived. `accounts` are those of the runs that lived to the
 * end: a run without an account has died.
 */
export function balanceOf(accounts: readonly Account[]): Balance {
  const sum = { accepted: 0, received: 0, missing: 0, wrong: 0 };
  const dead = { acceptedForDead: 0, receivedFromDead: 0 };
  const drops = new Map<string, number>();
  const accountOf = (who: NodeRun): Account | undefined =>
    accounts.find(({ node, run }) => node === who.node && run === who.run);

  for (const account of accounts) {
    for (const { kind, to, first, last } of account.sent) {
      const accepted = last - first + 1;
      const recipient = accountOf(to);
      if (recipient === undefined) {
        dead.acceptedForDead += accepted;
        continue;
      }
      const line = recipient.received.find(
        ({ kind: other, from }) =>
          other === kind && from.node === account.node && from.run === account.run,
      );
      const received = line === undefined ? 0 : overlap(line, first, last);
      sum.accepted += accepted;
      sum.received += received;
      sum.missing += accepted - received;
      sum.wrong -= received;
    }
    for (const line of account.received) {
      sum.wrong += line.disorder;
      if (accountOf(line.from) !== undefined) {
        sum.wrong += countOf(line);
      } else {
        dead.receivedFromDead += countOf(line);
        sum.missing += gapsIn(line);
      }
    }
    for (const [reason, count] of account.drops) {
      drops.set(reason, (drops.get(reason) ?? 0) + count);
    }
  }
  return { ...sum, ...dead, drops };
}

function countOf({ stretches }: Received): number {
  return stretches.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

function overlap({ stretches }: Received, from: number, to: number): number {
  return stretches.reduce(
    (sum, [first, last]) => sum + Math.max(0, Math.min(last, to) - Math.max(first, from) + 1),
    0,
  );
}

function gapsIn({ stretches }: Received): number {
  const [first, last] = [stretches[0]?.[0] ?? 1, stretches.at(-1)?.[1] ?? 0];
  return last - first + 1 - stretches.reduce((sum, [a, b]) => sum + b - a + 1, 0);
}
