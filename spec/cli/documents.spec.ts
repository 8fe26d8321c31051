import { describe, expect, it } from '@jest/globals';
import { codesIn, read, rowsOf } from '../docs/documents.ts';
import { Running } from './terminal.ts';

async function help(...args: readonly string[]): Promise<string> {
  const program = new Running(...args, '--help');
  await program.ended;
  return program.output;
}

describe('docs/cli.md', () => {
  it('has every command of the program', async () => {
    const [, list = ''] = /commands\n([\s\S]*?)\n\n/.exec(await help()) ?? [];
    const commands = list.split('\n').map((line) => line.trim().split(' ')[0]);
    const rows = rowsOf('docs/cli.md').filter(([first = '']) => first.startsWith('['));
    expect(rows.flatMap(([first = '']) => codesIn(first))).toEqual(commands);
  });

  it('names options that exist', async () => {
    const lines = read('docs/cli.md').replaceAll('\\\n', ' ').split('\n');
    const used = lines.flatMap((line) => {
      const [, command = '', rest = ''] = /\brxmesh (\w+)([^|]*)/.exec(line) ?? [];
      const options = [...rest.matchAll(/ (--[a-z-]+)/g)].map(([, option = '']) => option);
      return command === '' || options.length === 0 ? [] : [{ command, options }];
    });
    expect(used.length).toBeGreaterThan(8);
    for (const { command, options } of used) {
      const text = await help(command);
      for (const option of options) expect(text).toContain(option);
    }
  });
});
