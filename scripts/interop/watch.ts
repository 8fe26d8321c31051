import { setTimeout as sleep } from 'node:timers/promises';
import { delay } from 'rxjs';
import { dropOldest } from 'rxmesh';
import { ofKind, reply } from 'rxmesh/operators';
import {
  comet,
  consensusData,
  consensusState,
  consensusVotes,
  type NewRoundStep,
  type Part,
} from 'rxmesh/transports/comet';
import type { CometNode } from './comet-node.ts';
import { leafHash, rootFrom } from './merkle.ts';
import { connected, counting, failIf, type Node, type Pings, until } from './node.ts';

/** CometBFT pings a peer when it is up for this long, and then as often. */
const pingMs = 60_000;

/**
 * How far we are behind a peer. It sends parts and votes every 100 ms. By then, a validator that is
 * alone has moved on, and has parts only for peers that are behind.
 */
const behindMs = 300;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

/** A chain, and all of its validators that we connect with. */
export interface Chain {
  readonly chainId: string;
  readonly addresses: readonly string[];
}

interface HeardVote {
  readonly from: string;
  readonly height: number;
  readonly type: number;
  readonly validator: string;
}

interface HeardPart {
  readonly from: string;
  readonly height: number;
  readonly part: Part;
}

/** What a watcher of consensus has heard, in order. */
export interface Heard {
  readonly steps: { readonly from: string; readonly step: NewRoundStep }[];
  readonly votes: HeardVote[];
  readonly parts: HeardPart[];
}

/** Opens the channels of consensus, and tells each peer that we are where it was a moment ago. */
export function watch({ router }: Node): Heard {
  const heard: Heard = { steps: [], votes: [], parts: [] };
  const inbound = dropOldest(4_096);
  const steps = router.openChannel({ ...consensusState, inbound });
  const step$ = steps.in$.pipe(ofKind('newRoundStep'));
  step$
    .pipe(
      delay(behindMs),
      reply((step) => step),
    )
    .subscribe(steps.out);
  step$.subscribe(({ from, message }) => heard.steps.push({ from, step: message }));
  router
    .openChannel({ ...consensusVotes, inbound })
    .in$.subscribe(({ from, message: { vote } }) => {
      if (vote === undefined) return;
      const { height, type, validatorAddress } = vote;
      heard.votes.push({ from, height, type, validator: hex(validatorAddress) });
    });
  router
    .openChannel({ ...consensusData, inbound })
    .in$.pipe(ofKind('blockPart'))
    .subscribe(({ from, message: { height, part } }) => {
      if (part !== undefined) heard.parts.push({ from, height, part });
    });
  return heard;
}

/** What has the same name, in order. */
function grouped<T>(values: readonly T[], nameOf: (value: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const name = nameOf(value);
    groups.set(name, [...(groups.get(name) ?? []), value]);
  }
  return groups;
}

/** By the peer that it came from. */
function byPeer<T extends { readonly from: string }>(heard: readonly T[]): readonly T[][] {
  return [...grouped(heard, ({ from }) => from).values()];
}

/** Whether no number is smaller than the one before it. */
const isRising = (numbers: readonly number[]): boolean =>
  numbers.every((number, at) => at === 0 || number >= (numbers[at - 1] ?? 0));

/**
 * CometBFT starts a goroutine for each step that it broadcasts (`Switch.Broadcast`), so two of them
 * may change places. A block takes a second: none is as late as that.
 */
function isNearlyRising(heights: readonly number[]): boolean {
  let highest = 0;
  for (const height of heights) {
    if (height < highest - 1) return false;
    highest = Math.max(highest, height);
  }
  return true;
}

function checkSteps(steps: Heard['steps'], peers: number, seconds: number): string {
  const each = byPeer(steps).map((of) => of.map(({ step }) => step.height));
  failIf(each.length !== peers, `steps of ${each.length} peers, not ${peers}`);
  for (const of of each) {
    failIf(!isNearlyRising(of), `steps out of order: ${of.join(' ')}`);
    const heights = [...new Set(of)].sort((a, b) => a - b);
    const [first = 0] = heights;
    const isWhole = heights.every((height, nth) => height === first + nth);
    const isEnough = heights.length >= seconds / 8;
    failIf(!isWhole || !isEnough, `heights ${heights.join(' ')} in ${seconds} s`);
  }
  const heights = steps.map(({ step }) => step.height);
  return `heights ${Math.min(...heights)} to ${Math.max(...heights)}, ${steps.length} round steps`;
}

function checkVotes(votes: Heard['votes'], validators: readonly string[]): string {
  const strangers = votes.filter(({ validator }) => !validators.includes(validator));
  failIf(strangers.length > 0, `votes of ${strangers.map(({ validator }) => validator).join()}`);
  for (const of of byPeer(votes)) {
    const kinds = grouped(of, ({ type, validator }) => `${type} of ${validator}`);
    for (const [kind, each] of kinds) {
      const heights = each.map(({ height }) => height);
      failIf(!isRising(heights), `votes of type ${kind} out of order: ${heights.join(' ')}`);
    }
  }
  const count = (type: number): number => votes.filter((vote) => vote.type === type).length;
  // v1 mostly has moved on before it sends a prevote.
  failIf(count(2) === 0, 'no precommit');
  const voters = new Set(votes.map(({ validator }) => validator)).size;
  failIf(voters !== validators.length, `votes of ${voters} of ${validators.length} validators`);
  return `${count(1)} prevotes and ${count(2)} precommits of ${voters} validators`;
}

/** Each part must be the one that the chain has committed to. */
async function checkParts(parts: Heard['parts'], node: CometNode): Promise<string> {
  failIf(parts.length === 0, 'no block parts');
  for (const of of byPeer(parts)) {
    failIf(!isRising(of.map(({ height }) => height)), 'block parts out of order');
  }
  let proved = 0;
  for (const { height, part } of parts) {
    const { index, bytes, proof } = part;
    const leaf = leafHash(bytes);
    const root = rootFrom(leaf, index, proof?.total ?? 1, proof?.aunts ?? []);
    type Answer = { block_id: { parts: { hash: string } } };
    // The chain may not have this block yet.
    const answer = await node.rpc<Answer>(`block?height=${height}`).catch(() => undefined);
    if (answer === undefined) continue;
    failIf(answer.block_id.parts.hash !== hex(root), `a part of block ${height} differs`);
    proved += 1;
  }
  failIf(proved === 0, 'no part of a block that the chain has');
  return `${parts.length} block parts, ${proved} proved by the chain`;
}

async function validatorsOf(node: CometNode): Promise<readonly string[]> {
  type Answer = { validators: readonly { address: string }[] };
  const { validators } = await node.rpc<Answer>('validators');
  return validators.map(({ address }) => address);
}

/** For so long we follow consensus. Returns what came of it. */
export async function watchFor(seconds: number, chain: Chain, node: CometNode): Promise<string> {
  let heard: Heard = { steps: [], votes: [], parts: [] };
  const pings: Pings = { heard: 0, answered: 0 };
  const work = async ({ router, events }: Node): Promise<string> => {
    await sleep(seconds * 1_000);
    const isLong = seconds * 1_000 >= pingMs;
    if (isLong) await until('a ping of each', () => pings.heard >= chain.addresses.length);
    await until('each ping is answered', () => pings.answered >= pings.heard);
    const { peers } = router.snapshot();
    failIf(peers.length !== chain.addresses.length, `${peers.length} peers are left`);
    failIf(
      peers.some(({ roundTripMs }) => roundTripMs === undefined),
      'our ping is not answered',
    );
    const bad = events.filter(({ type }) => type === 'message-dropped' || type === 'peer-down');
    failIf(bad.length > 0, JSON.stringify(bad[0]));
    const { steps, votes, parts } = heard;
    const texts = [
      checkSteps(steps, peers.length, seconds),
      checkVotes(votes, await validatorsOf(node)),
      await checkParts(parts, node),
      `${pings.heard} pings, ${pings.answered} answered`,
    ];
    return texts.join(', ');
  };
  return connected(chain, work, (own) => (heard = watch(own)), {
    transports: [counting(comet(), pings)],
  });
}
