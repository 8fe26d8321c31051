import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Screen } from '../../lib/cli/screen.node.ts';
import { fitted, tableLines, wrapped } from '../../lib/cli/table.node.ts';
import type { Terminal } from '../../lib/cli/terminal.node.ts';

function terminal(size: { columns?: number; rows?: number; isTTY?: boolean } = {}) {
  const output = Object.assign(new PassThrough(), size);
  const { signal } = new AbortController();
  const made: Terminal = { input: output, output, errors: output, env: {}, signal };
  return { made, written: () => String(output.read() ?? '') };
}

describe('a table', () => {
  it('has columns as wide as what is in them, numbers at the right', () => {
    const { made } = terminal();
    const rows = [
      ['ann', '7', 'x'],
      ['barbara', '1,200', ''],
    ];
    expect(tableLines(made, { head: ['name', '>in', ''], rows })).toEqual([
      'name        in',
      'ann          7  x',
      'barbara  1,200',
    ]);
  });

  it('escapes what could control the terminal', () => {
    const { made } = terminal({ isTTY: true });
    const rows = [[{ text: 'a\u001B[2Jb', style: 'red' } as const]];
    expect(tableLines(made, { head: ['x'], rows })[1]).toBe('\u001B[31ma\\u001b[2Jb\u001B[39m');
  });
});

describe('wrapped', () => {
  it('breaks between words, and leaves a long word whole', () => {
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapped('incomprehensible as', 5)).toEqual(['incomprehensible', 'as']);
    expect(wrapped('', 5)).toEqual(['']);
  });
});

describe('fitted', () => {
  const sections = [
    { head: ['A'], rows: ['a1', 'a2', 'a3', 'a4'] },
    { head: ['B'], rows: ['b1', 'b2'] },
  ];

  it('leaves all where there is room', () => {
    expect(fitted(sections, 10)).toEqual(['', 'A', 'a1', 'a2', 'a3', 'a4', '', 'B', 'b1', 'b2']);
  });

  it('leaves out rows of the longest section, and says how many', () => {
    const lines = ['', 'A', 'a1', 'a2', '  and 2 more', '', 'B', 'b1', 'b2'];
    expect(fitted(sections, 9)).toEqual(lines);
  });

  it('keeps a row of each', () => {
    const lines = ['', 'A', 'a1', '  and 3 more', '', 'B', 'b1', '  and 1 more'];
    expect(fitted(sections, 1)).toEqual(lines);
  });
});

describe('a screen', () => {
  it('is drawn over what was there before, and never more than fits', async () => {
    const { made, written } = terminal({ isTTY: true, columns: 20, rows: 3 });
    const screen = new Screen(made);
    await screen.draw(['one', 'two', 'three']);
    expect(written()).toBe('\u001B[?7lone\ntwo\n\u001B[?7h');
    await screen.draw(['uno']);
    expect(written()).toBe('\u001B[2A\r\u001B[J\u001B[?7luno\n\u001B[?7h');
    await screen.draw(['eins']);
    expect(written()).toBe('\u001B[1A\r\u001B[J\u001B[?7leins\n\u001B[?7h');
  });
});
