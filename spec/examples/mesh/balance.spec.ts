import { describe, expect, it } from '@jest/globals';
import { balanceOf } from '../../../examples/mesh/balance.ts';
import { ReceivedLedger, SentLedger } from '../../../examples/mesh/ledger.ts';
import type { Account, NodeRun } from '../../../examples/mesh/messages.ts';

const one: NodeRun = { node: 1, run: 1 };
const two: NodeRun = { node: 2, run: 1 };
const twoAgain: NodeRun = { node: 2, run: 2 };

/** The account of a node that sent letters with these numbers, each accepted, to `to`. */
function sender(who: NodeRun, to: NodeRun, ...seqs: readonly number[]): Account {
  const ledger = new SentLedger();
  ledger.up(to);
  for (const seq of seqs) ledger.accepted(ledger.open('letters', to.node), seq);
  return { ...who, sent: ledger.lines, received: [], drops: [['peer-down', 2]] };
}

function receiver(who: NodeRun, from: NodeRun, ...seqs: readonly number[]): Account {
  const ledger = new ReceivedLedger();
  for (const seq of seqs) ledger.take('letters', from, seq);
  return { ...who, sent: [], received: ledger.lines, drops: [['peer-down', 3]] };
}

const nothing = { accepted: 0, received: 0, missing: 0, wrong: 0 };

describe('the account of examples/mesh.ts', () => {
  it('has everything when everything arrived in order, once', () => {
    const balance = balanceOf([sender(one, two, 1, 2, 3), receiver(two, one, 1, 2, 3)]);
    expect(balance).toMatchObject({ ...nothing, accepted: 3, received: 3, acceptedForDead: 0 });
    expect([...balance.drops]).toEqual([['peer-down', 5]]);
  });

  it.each([
    { what: 'the first', seqs: [2, 3, 4] },
    { what: 'one between', seqs: [1, 2, 4] },
    { what: 'the last', seqs: [1, 2, 3] },
  ])('finds that $what is missing', ({ seqs }) => {
    const balance = balanceOf([sender(one, two, 1, 2, 3, 4), receiver(two, one, ...seqs)]);
    expect(balance).toMatchObject({ accepted: 4, received: 3, missing: 1, wrong: 0 });
  });

  it('finds that all are missing', () => {
    const balance = balanceOf([sender(one, two, 1, 2), receiver(two, one)]);
    expect(balance).toMatchObject({ accepted: 2, received: 0, missing: 2, wrong: 0 });
  });

  it.each([
    { what: 'came twice', seqs: [1, 2, 2, 3], missing: 0 },
    { what: 'came too late', seqs: [1, 3, 2], missing: 1 },
    { what: 'was never accepted', seqs: [1, 2, 3, 4], missing: 0 },
  ])('finds one that $what', ({ seqs, missing }) => {
    const balance = balanceOf([sender(one, two, 1, 2, 3), receiver(two, one, ...seqs)]);
    expect(balance).toMatchObject({ missing, wrong: 1 });
  });

  it('counts apart what was sent to a run that has died, and what came from one', () => {
    const balance = balanceOf([
      sender(one, two, 1, 2),
      receiver({ node: 3, run: 1 }, two, 1, 2, 3),
      receiver(twoAgain, one),
    ]);
    expect(balance).toMatchObject({ ...nothing, acceptedForDead: 2, receivedFromDead: 3 });
  });

  it('finds a gap in what came from a run that has died', () => {
    expect(balanceOf([receiver(one, two, 1, 2, 4)])).toMatchObject({ missing: 1, wrong: 0 });
  });
});
