import { describe, expect, it } from '@jest/globals';
import { calls } from '../../lib/calls/index.ts';
import { json } from '../../lib/index.ts';
import { simulate } from '../../lib/testing/index.ts';

const router = () => simulate({ nodes: 1 }).node(0).router;
const codecs = { request: json(), response: json() };

describe('calls, by a program without types', () => {
  it.each<[string, readonly unknown[], string]>([
    ['no router', [{ id: 1 }], 'calls: router must be a router, got object'],
    ['no options', [router()], 'calls: options must be an object, got undefined'],
    [
      'no codec',
      [router(), { id: 1, request: json }],
      'request must be a codec, such as json(), got function',
    ],
  ])('with %s is refused', (_what, given, text) => {
    expect(() => calls(...(given as unknown as Parameters<typeof calls>))).toThrow(text);
  });

  it('refuses a function that should be a map of handlers', () => {
    const service = calls(router(), { id: 1, methods: { add: codecs } });
    const wrong = (() => 1) as never;
    expect(() => service.serve(wrong)).toThrow(
      'serve: the handlers must be an object, got function',
    );
  });
});
