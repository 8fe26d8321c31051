import { describe, expect, it } from '@jest/globals';
import { raw } from '../../lib/codec/raw.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { block, dropOldest } from '../../lib/flow/strategy.ts';
import type { OutboundEnvelope } from '../../lib/model/envelope.ts';
import { pipeTo } from '../../operators/pipe-to.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf, LinkedNode } from '../support/linked-node.ts';

type Envelope = OutboundEnvelope<Uint8Array>;

const million = 1_000_000;
const message = Uint8Array.of(1);

function* messages(): Generator<Envelope> {
  for (let count = 0; count < million; count += 1) yield { to: idOf(1), message };
}

/** Answers each request synchronously. */
const flow = (): Flow<Envelope> =>
  new Flow((consumer) => {
    const values = messages();
    const request = (count: number): void => {
      for (let rest = count; rest > 0; rest -= 1) {
        const result = values.next();
        if (result.done === true) consumer.complete();
        else consumer.next(result.value);
      }
    };
    return { request, unsubscribe: () => void values.return(undefined) };
  });

describe.each([
  ['an iterable', messages],
  ['a flow', flow],
])('a million messages, from %s', (_, source) => {
  it.each([
    ['wait', block(64)],
    ['never wait', dropOldest(64)],
  ])('use no stack with lanes that %s', (_how, outbound) => {
    const node = new LinkedNode();
    const channel = node.channels.open({ id: 7, codec: raw(), outbound });
    const { link } = node.peer(1, { 7: million });
    let accepted = 0;
    pipeTo(channel, { clock: node.clock })(source()).subscribe((report) => ({ accepted } = report));
    while (accepted === 0) {
      node.clock.advance(1);
      link.take();
      node.events.length = 0;
    }
    expect(accepted).toBe(million);
  });
});

trackLeaks();
