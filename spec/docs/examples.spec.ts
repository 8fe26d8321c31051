import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { documents, fencesOf, root, sources, filesIn, type Fence } from './documents.ts';
import { examplesOf } from './doc-comments.ts';
import { complaintsAbout } from './type-check.ts';

const fences = documents.flatMap((file) => fencesOf(file));
const inDocuments = fences.filter(({ info }) => /^ts\b/.test(info));
const inComments = [...sources, ...filesIn('lib/testing', '.ts')].flatMap((file) =>
  examplesOf(file),
);

describe('the examples', () => {
  const examples = [...inDocuments, ...inComments];
  const wrong: Fence = { place: 'wrong', info: 'ts', text: 'channel.send({ to: 7 });\n' };
  const complaints = complaintsAbout([...examples, wrong]);

  it.each(examples)('$place is right for the compiler', ({ place }) => {
    expect(complaints.get(place)).toEqual([]);
  });

  it('are found where some are known to be', () => {
    const files = new Set(examples.map(({ place }) => place.replace(/:\d+$/, '')));
    expect([...files]).toEqual(
      expect.arrayContaining(['README.md', 'lib/index.ts', 'lib/secure/merlin.ts']),
    );
  });

  it('are judged: one that is wrong is found', () => {
    expect(complaints.get(wrong.place)).toHaveLength(1);
  });
});

describe('the programs', () => {
  const patienceMs = 60_000;
  const programs = inDocuments.filter(({ info }) => info === 'ts run');

  it.each(programs)(
    '$place runs, and prints what the page says',
    async (program) => {
      const next = fences[fences.indexOf(program) + 1];
      expect(next?.info).toBe('text');
      expect(await run(program.text)).toBe(next?.text);
    },
    patienceMs,
  );
});

/** What a program of TypeScript prints until it has ended by itself. */
async function run(program: string): Promise<string> {
  const { outputText } = ts.transpileModule(program, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '--eval', outputText],
    { cwd: root, timeout: 50_000 },
  );
  return stdout;
}
