import { afterEach, describe, expect, it } from '@jest/globals';
import { endAll, run } from './program.ts';

afterEach(endAll);

describe('the examples', () => {
  it('print their usage and end with code 2 when an option is wrong', async () => {
    const programs = [
      run('echo.ts', '--count', 'none'),
      run('chat.ts', '--name', 'ann', '--listen', '0', '--peer', 'nowhere'),
      run('gateway.ts', '--second', '3'),
      run('mesh.ts', '--nodes', '17'),
      run('comet-watch.ts', '--network', 'test-chain'),
      run('comet-crawl.ts', '--local', '--connections', '33'),
      run('comet-gateway.ts', '--local', '--port', 'none'),
      run('dashboard.ts', '--producers', '17'),
    ];
    expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([2, 2, 2, 2, 2, 2, 2, 2]);
    for (const { output } of programs) {
      expect(output).toMatch(/^[^\n]+\nusage: /);
      expect(output).not.toMatch(/ at .*:\d+:\d+/);
    }
  });
});
