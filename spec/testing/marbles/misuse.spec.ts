import { describe, expect, it } from '@jest/globals';
import { json } from 'rxmesh';
import { simulate } from 'rxmesh/testing';
import { NEVER } from 'rxjs';

const text = { id: 0x10, codec: json<string>() };

describe('marbles that would check nothing', () => {
  it.each<[string, () => unknown]>([
    ['resolves', async () => Promise.resolve()],
    ['rejects', async () => Promise.reject(new Error('lost'))],
  ])('run refuses an async test that %s', async (_, test) => {
    const net = simulate({ nodes: 2 });
    expect(() => net.run(test)).toThrow(
      new TypeError(
        'run: the test must not be async or return a promise: nothing after its first await would ' +
          'be checked. Await before run, or use at and advance',
      ),
    );
    // Here Node would report a rejection without a handler.
    await new Promise((resolve) => setImmediate(resolve));
    net.stop();
  });

  it('run and stop find an expect without a toBe, and name its place', () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels(text);
    net.start();
    const message = 'expect without toBe checks nothing: call toBe with a diagram';
    expect(() =>
      net.run(() => {
        net.expect(chat(0).in$).toBe('----');
        net.expect(chat(1).in$);
      }),
    ).toThrow(
      expect.objectContaining({ message, stack: expect.stringContaining('misuse.spec.ts') }),
    );
    // Once is enough.
    net.run(() => net.expect(chat(0).in$).toBe('----'));

    net.expectSubscriptions([]);
    expect(() => net.stop()).toThrow(/^expectSubscriptions without toBe checks nothing/);
    net.stop();
  });

  it('run does not blame a test that has failed for another reason', () => {
    const net = simulate({ nodes: 2 });
    const test = (): void => {
      net.expect(NEVER);
      throw new Error('of its own');
    };
    expect(() => net.run(test)).toThrow('of its own');
    net.stop();
  });

  it('says which argument is wrong', () => {
    const net = simulate({ nodes: 2 });
    // @ts-expect-error -- not a function
    expect(() => net.run(5)).toThrow(new TypeError('run: test must be a function, got 5'));
    // @ts-expect-error -- not an Observable
    expect(() => net.expect(5)).toThrow(
      new TypeError('expect: observable must be an Observable, got 5'),
    );
    // @ts-expect-error -- no list
    expect(() => net.expectSubscriptions(5)).toThrow(
      new TypeError(
        'expectSubscriptions: subscriptions must be those of a cold or hot Observable, got 5',
      ),
    );
    // @ts-expect-error -- without works
    expect(() => net.at('-x')).toThrow(
      new TypeError('at: works must be an object of functions, got undefined'),
    );
    // @ts-expect-error -- not a function
    expect(() => net.at('-x', { x: 1 })).toThrow(
      new TypeError("at: the work of 'x' must be a function, got 1"),
    );
    // @ts-expect-error -- not a diagram
    expect(() => net.at(5, {})).toThrow(new TypeError('a diagram must be a string, got 5'));
    // @ts-expect-error -- not a diagram
    expect(() => net.expect(NEVER, 5)).toThrow(new TypeError('a diagram must be a string, got 5'));
    net.stop();
  });
});
