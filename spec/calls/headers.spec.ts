import { describe, expect, it } from '@jest/globals';
import type { CallOptions } from 'rxmesh/calls';
import { defer } from 'rxjs';
import { pair } from './stage.ts';

describe('headers of a call', () => {
  it('reach the handler, and are empty without any', () => {
    const { net, asking, serving, to } = pair();
    const got: object[] = [];
    serving.serve(({ headers }) => void got.push(headers));
    asking.call(to, 1, { headers: { tenant: 'blue', locale: 'de' } }).subscribe();
    asking.notify(to, 1, { headers: { tenant: 'red' } }).subscribe();
    asking.call(to, 1).subscribe();
    net.advance(50);
    expect(got).toEqual([{ tenant: 'blue', locale: 'de' }, { tenant: 'red' }, {}]);
  });

  it('go with the calls of several peers, and with those that send a stream', () => {
    const { net, asking, serving, to } = pair();
    const got: object[] = [];
    serving.serve(({ headers }) => void got.push(headers));
    serving.serveChannel(({ headers }) => void got.push(headers));
    asking.callAny(1, { headers: { a: 'any' } }).subscribe();
    asking.callAll(1, { headers: { a: 'all' } }).subscribe();
    asking.channel(to, [1, 2], { headers: { a: 'channel' } }).subscribe();
    net.advance(50);
    expect(got).toEqual([{ a: 'any' }, { a: 'all' }, { a: 'channel' }]);
  });

  it('are those that middleware sets before it subscribes, for each call of its own', () => {
    let calls = 0;
    const { net, asking, serving, to } = pair({
      aroundCalls: [
        (answers, { headers }) =>
          defer(() => {
            headers['call'] = String((calls += 1));
            return answers;
          }),
      ],
    });
    const got: object[] = [];
    serving.serve(({ headers }) => void got.push(headers));
    const given = { tenant: 'blue' };
    const answers$ = asking.call(to, 1, { headers: given });
    answers$.subscribe();
    answers$.subscribe();
    net.advance(50);
    expect(got).toEqual([
      { tenant: 'blue', call: '1' },
      { tenant: 'blue', call: '2' },
    ]);
    expect(given).toEqual({ tenant: 'blue' });
  });

  it.each([
    ['a list', [], 'headers must be an object of strings, got an array'],
    ['no object', 'a', 'headers must be an object of strings, got string'],
    ['another value', { a: 1 }, 'header a must be a string, got number'],
    ['too long', { a: 'x'.repeat(8_192) }, 'headers are longer than 8192 characters'],
    [
      'too many',
      Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`n${i}`, ''])),
      'more than 32 headers',
    ],
  ])('that are %s are refused at once', (_, headers, text) => {
    const { asking, to } = pair();
    const call = (): unknown => asking.call(to, 1, { headers } as unknown as CallOptions);
    expect(call).toThrow(`call: ${text}`);
  });

  it('that middleware spoils fail the call, which is not sent', () => {
    const { net, asking, serving, to, heard, observer } = pair({
      aroundCalls: [
        (answers, { headers }) => {
          Object.assign(headers, { a: 7 });
          return answers;
        },
      ],
    });
    serving.serve(() => 1);
    asking.call(to, 1).subscribe(observer);
    net.advance(50);
    expect(heard).toEqual(['0: TypeError: call: header a must be a string, got number']);
    expect(asking.snapshot().asking).toBe(0);
  });
});
