import { describe, expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { deliveries } from 'rxmesh/deliveries';
import { gossip } from 'rxmesh/gossip';
import { simulate } from 'rxmesh/testing';

const router = () => simulate({ nodes: 1 }).node(0).router;
const options = { id: 1, codec: json() };

describe('gossip, by a program without types', () => {
  it.each<[string, readonly unknown[], string]>([
    ['no router', [{}, options], 'gossip: router.openChannel must be a function, got undefined'],
    ['no options', [router()], 'gossip: options must be an object, got undefined'],
    [
      'a text as topics',
      [router(), { ...options, topics: 'a' }],
      'gossip: topics must be an array',
    ],
    ['a mistyped option', [router(), { ...options, topix: [] }], '(did you mean topic?)'],
  ])('with %s is refused', (_, given, text) => {
    expect(() => gossip(...(given as unknown as Parameters<typeof gossip>))).toThrow(text);
  });
});

it('deliveries with a mistyped option are refused', () => {
  expect(() => deliveries(router(), { ...options, maxMessage: 3 } as never)).toThrow(
    'deliveries: there is no option maxMessage (did you mean maxMessages?)',
  );
});
