import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { documents, fencesOf, root, sources, filesIn, type Fence } from './documents.ts';
import { examplesOf } from './doc-comments.ts';
import { complaintsAbout } from './type-check.ts';

const fences = documents.flatMap((file) => fencesOf(file));
/** `syntax` marks what needs something that is not here, such as another test runner. */
const inDocuments = fences.filter(({ info }) => /^[jt]s\b(?!.* syntax)/.test(info));
const unchecked = fences.filter(({ info }) => /^[jt]s\b.* syntax\b/.test(info));
const inComments = [...sources, ...filesIn('lib/testing', '.ts')].flatMap((file) =>
  examplesOf(file),
);

/** Pages whose examples may leave their imports out; all others are complete. */
const withoutImports = new Set(
  ['README.md', 'architecture', 'backpressure', 'errors', 'limits', 'performance', 'security'].map(
    (name) => (name === 'README.md' ? name : `docs/${name}.md`),
  ),
);
const isComplete = (place: string): boolean => {
  const file = place.replace(/:\d+$/, '');
  return documents.includes(file) && !withoutImports.has(file);
};

describe('the examples', () => {
  const examples = [...inDocuments, ...inComments];
  const wrong: Fence = { place: 'wrong', info: 'ts', text: 'channel.send({ to: 7 });\n' };
  const incomplete: Fence = { place: 'docs/faq.md:0', info: 'ts', text: 'json();\n' };
  const complaints = complaintsAbout([...examples, wrong, incomplete], isComplete);

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
    expect(complaints.get(incomplete.place)).toEqual([
      expect.stringContaining("Cannot find name 'json'."),
    ]);
  });

  it.each(unchecked)('$place is right for the parser', ({ text }) => {
    const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true });
    expect(diagnostics.map(({ messageText }) => messageText)).toEqual([]);
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
