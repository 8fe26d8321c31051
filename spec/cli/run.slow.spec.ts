import { afterEach, describe, expect, it } from '@jest/globals';
import { addressLine, outcome, pageLine, Running, shape, stopAll } from './terminal.ts';

afterEach(stopAll);

describe('inspect', () => {
  it('shows a node once in a pipe, and with --json in one object', async () => {
    const node = new Running('listen', '--inspect', '--bench', '--exchange');
    const address = await node.prints(addressLine);
    const url = await node.prints(pageLine);
    const peer = new Running('listen', '--peer', address, '--exchange');
    await peer.prints(addressLine);
    await node.prints(/^up/m);
    const piped = new Running('inspect', url, '--seconds', '0.5');
    expect(await piped.ended).toBe(0);
    expect(piped.errors).toBe('');
    expect(shape(piped.output)).toMatchSnapshot();
    const json = new Running('inspect', url, '--once', '--json', '--seconds', '0.5');
    expect(await json.ended).toBe(0);
    const [line = '', ...more] = json.output.split('\n');
    expect(more).toEqual(['']);
    const shown = JSON.parse(line) as Record<string, unknown>;
    expect(Object.keys(shown)).toMatchSnapshot();
    const [, id = ''] = /ws:\/\/(\w+)@/.exec(address) ?? [];
    expect(shown).toMatchObject({ node: { id, addresses: [address], lanes: 6 }, stalls: [] });
    expect(shown['channels']).toMatchObject([
      { channel: 0, peers: 1 },
      { channel: 65_534, peers: 1 },
      { channel: 65_535, peers: 1 },
    ]);
  });

  it('prints an object a line until it is stopped, or the node is', async () => {
    const node = new Running('listen', '--inspect', '--json');
    const { inspector: url = '' } = JSON.parse(await node.prints(/^(\{.*\})$/m)) as {
      inspector?: string;
    };
    const one = new Running('inspect', url, '--json', '--interval', '0.1');
    await one.prints(/(?:.*\n){3}/);
    expect(await one.stop()).toBe(0);
    for (const line of one.output.trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ peers: [], lanes: [], drops: [] });
    }
    const two = new Running('inspect', url, '--json', '--interval', '0.1');
    await two.prints(/\n/);
    await node.stop();
    expect(await two.ended).toBe(1);
    expect(two.errors).toMatchSnapshot();
  });

  it('says what is wrong: the token, the place, or that nothing is there', async () => {
    const node = new Running('listen', '--inspect');
    const address = await node.prints(addressLine);
    const url = await node.prints(pageLine);
    const wrong = url.replace(/token=.*/, `token=${'x'.repeat(32)}`);
    expect((await outcome('inspect', wrong)).errors).toMatchSnapshot();
    const elsewhere = address.replace(/.*@/, 'http://').concat('/?token=any');
    expect((await outcome('inspect', elsewhere)).errors).toMatchSnapshot();
    await node.stop();
    expect((await outcome('inspect', url)).errors).toMatch(
      /^rxmesh: http:\/\/127.0.0.1:<port> cannot be reached: .+\nexit 1$/,
    );
    const named = url.replace('127.0.0.1', 'nowhere.invalid');
    expect((await outcome('inspect', named)).errors).toMatch(
      /^rxmesh: http:\/\/nowhere.invalid:\d+ cannot be reached: .+\nexit 1$/,
    );
  });
});
