import { describe, expect, it } from '@jest/globals';
import { concatMap, map, mergeMap, NEVER, type Observable, of } from 'rxjs';
import type { Channel } from '../../lib/channel/channel.ts';
import type { Flow, FlowOperator } from '../../lib/flow/flow.ts';
import { fail } from '../../lib/flow/strategy.ts';
import type { InboundEnvelope } from '../../lib/model/envelope.ts';
import { batch, boundedMergeMap, onBackpressure, shareFlow } from '../../operators/index.ts';
import type { FakeLink } from '../support/fake-link.ts';
import { LinkedNode, open } from '../support/linked-node.ts';

type Envelope = InboundEnvelope<Uint8Array>;

function arrive(link: FakeLink, ...values: number[]): void {
  for (const value of values) {
    link.arrive({ type: 'data', channel: 7, bytes: Uint8Array.of(value), last: true });
  }
}

/** A node with a channel that is consumed behind `operator`, and the errors of that consumer. */
function consumed(operator: FlowOperator<Envelope, unknown>, request: number) {
  const node = new LinkedNode();
  const channel: Channel<Uint8Array> = open(node);
  const errors: unknown[] = [];
  const flow: Flow<unknown> = channel.in$.pipe(operator);
  const demand = flow.consume({
    next: () => undefined,
    error: (error) => errors.push(error),
    complete: () => undefined,
  });
  demand.request(request);
  const { link } = node.peer(1);
  node.events.length = 0;
  return { node, link, errors };
}

const never = (): Observable<never> => NEVER;

describe('L-08 a consumer of in$ that ends with an error', () => {
  it.each<[name: string, operator: FlowOperator<Envelope, unknown>, code: string]>([
    ['concatMap, which keeps working', concatMap(never), 'RXMESH_DEMAND_LOST'],
    ['several answers to one message', mergeMap(() => of(1, 2)), 'RXMESH_DEMAND_LOST'],
    ['a full fail lane', onBackpressure(fail(2)), 'RXMESH_OVERFLOW'],
    [
      'a full fail lane, seen through three flows',
      (source) =>
        source.pipe(
          onBackpressure(fail(2)),
          shareFlow(),
          batch({ max: 2 }),
          boundedMergeMap(never),
        ),
      'RXMESH_OVERFLOW',
    ],
  ])('raises one event on its node: %s', (_, operator, code) => {
    const { node, link, errors } = consumed(operator, 1);
    arrive(link, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(errors).toEqual([expect.objectContaining({ code })]);
    expect(node.events).toEqual([{ type: 'consumer-failed', channel: 7, error: errors[0] }]);
  });

  it("raises no event for the consumer's own error, which it has received", () => {
    const torn = new Error('torn');
    const tearing = map(() => {
      throw torn;
    });
    const { node, link, errors } = consumed(tearing, 1);
    arrive(link, 1);
    expect(errors).toEqual([torn]);
    expect(node.events).toEqual([]);
  });
});
