import { describe, expect, it, jest } from '@jest/globals';

type Answer = (error: Error | null, addresses?: readonly { address: string }[]) => void;
const lookup = jest.fn<(host: string, options: object, answer: Answer) => void>();
jest.unstable_mockModule('node:dns', () => ({ lookup }));

const { resolveHost } = await import('../../lib/platform/dns.node.ts');

function ask(host: string): { seen: unknown[]; answer: Answer; stop: () => void } {
  lookup.mockClear();
  const seen: unknown[] = [];
  const subscription = resolveHost?.(host).subscribe({
    next: (ips) => seen.push(ips),
    error: (error: unknown) => seen.push(error),
    complete: () => seen.push('complete'),
  });
  const answer: Answer = (...args) => lookup.mock.calls[0]?.[2](...args);
  return { seen, answer, stop: () => subscription?.unsubscribe() };
}

describe('host names in Node', () => {
  it('become all addresses, in the order of the system', () => {
    const { seen, answer } = ask('name.example');
    expect(lookup).toHaveBeenCalledWith(
      'name.example',
      { all: true, verbatim: true },
      expect.any(Function),
    );
    answer(null, [{ address: '::1' }, { address: '1.2.3.4' }]);
    expect(seen).toEqual([['::1', '1.2.3.4'], 'complete']);
  });

  it('become an error when the system has one', () => {
    const { seen, answer } = ask('name.example');
    const error = new Error('ENOTFOUND');
    answer(error);
    expect(seen).toEqual([error]);
  });

  it.each(['localhost', 'LOCALHOST', 'localhost.', 'node.localhost'])(
    'of this machine need no system: %s',
    (host) => {
      expect(ask(host).seen).toEqual([['127.0.0.1', '::1'], 'complete']);
      expect(lookup).not.toHaveBeenCalled();
    },
  );

  it('are asked for when they only look like localhost', () => {
    ask('localhost.example');
    ask('mylocalhost');
    expect(lookup).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['addresses', null],
    ['an error', new Error('ENOTFOUND')],
  ])('are forgotten by who unsubscribes: %s that come late', (_, error) => {
    const { seen, answer, stop } = ask('name.example');
    stop();
    answer(error, [{ address: '1.2.3.4' }]);
    expect(seen).toEqual([]);
  });
});
