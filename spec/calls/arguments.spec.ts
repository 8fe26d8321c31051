import { describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import { calls } from '../../lib/calls/index.ts';
import { json, type NodeId } from '../../lib/index.ts';
import { simulate } from '../../lib/testing/index.ts';

const router = () => simulate({ nodes: 1 }).node(0).router;
const codecs = { request: json(), response: json() };

describe('calls, by a program without types', () => {
  it.each<[string, readonly unknown[], string]>([
    ['no router', [{ id: 1 }], 'calls: router must be a router, got an object'],
    ['no options', [router()], 'calls: options must be an object, got undefined'],
    [
      'no codec',
      [router(), { id: 1, request: json }],
      'request must be a codec, such as json(), got a function',
    ],
    [
      'a mistyped option',
      [router(), { id: 1, ...codecs, maxCall: 3 }],
      'calls: there is no option maxCall (did you mean maxCalls?); it takes request, response',
    ],
    [
      'a function as middleware, even one without arguments',
      [router(), { id: 1, ...codecs, aroundHandler: () => undefined }],
      'calls: aroundHandler must be an array of functions, got a function',
    ],
    [
      'middleware of a method that is no function',
      [router(), { id: 1, methods: { add: { ...codecs, aroundCalls: [7] } } }],
      'add: aroundCalls[0] must be a function, got 7',
    ],
  ])('with %s is refused', (_what, given, text) => {
    expect(() => calls(...(given as unknown as Parameters<typeof calls>))).toThrow(text);
  });

  it('refuses an address in place of an ID, and says how to get the ID', async () => {
    const address = `memory:${'1'.repeat(40)}` as NodeId;
    const call$ = calls(router(), { id: 1, ...codecs }).call(address, 1);
    await expect(firstValueFrom(call$)).rejects.toThrow('use parseNodeAddress(address).id');
  });

  it('refuses a function that should be a map of handlers', () => {
    const service = calls(router(), { id: 1, methods: { add: codecs } });
    const wrong = (() => 1) as never;
    expect(() => service.serve(wrong)).toThrow(
      'serve: the handlers must be an object, got a function',
    );
  });
});
