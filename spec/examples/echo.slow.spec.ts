import { afterEach, describe, expect, it } from '@jest/globals';
import { endAll, run } from './program.ts';

afterEach(endAll);

describe('examples/echo.ts', () => {
  it('prints each round trip, and ends by itself', async () => {
    const echo = run('echo.ts', '--count', '3');
    expect(await echo.ended).toBe(0);
    expect(echo.output).toMatch(
      /^the echo is at ws:\/\/[0-9a-f]{40}@127\.0\.0\.1:\d+\nhello 1, [\d.]+ ms\nhello 2, [\d.]+ ms\nhello 3, [\d.]+ ms\n3 round trips, median [\d.]+ ms\n$/,
    );
  });

  it('says in one line that its port is in use, and ends at Ctrl-C with what it has', async () => {
    const first = run('echo.ts', '--count', '100000');
    const [, port = ''] = /127\.0\.0\.1:(\d+)/.exec(await first.prints(/hello 2,/)) ?? [];
    const second = run('echo.ts', '--port', port);
    expect(await second.ended).toBe(1);
    expect(second.output).toMatch(
      /^echo: cannot listen on 127\.0\.0\.1, port \d+: .*EADDRINUSE.*\n$/,
    );

    first.kill('SIGINT');
    expect(await first.ended).toBe(0);
    expect(first.output).toMatch(/\n\d+ round trips, median [\d.]+ ms\n$/);
  });
});
