import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from '@jest/globals';
import { smallBuffers, type Surroundings } from '../../../bench/frame/small-buffers.ts';
import { trackLeaks } from '../../support/leaks.ts';

const opened: Surroundings[] = [];

describe('smallBuffers', () => {
  afterEach(() => {
    for (const surroundings of opened.splice(0)) surroundings.end();
  });
  trackLeaks();

  it('bounds what a socket buffers for what runs in it, where there are namespaces', async () => {
    const surroundings = await smallBuffers();
    opened.push(surroundings);
    const [command, ...rest] = surroundings.prefix;
    // Elsewhere everything runs as it is.
    if (command === undefined) return;
    const files = ['tcp_rmem', 'tcp_wmem'].map((name) => `/proc/sys/net/ipv4/${name}`);
    const found = execFileSync(command, [...rest, 'cat', ...files], { encoding: 'utf8' });
    expect(found).toBe('4096\t65536\t262144\n'.repeat(2));
  });
});
