import { describe, expect, it } from '@jest/globals';
import { reportOf, sectionsOf, targetsOf } from '../../../bench/frame/report.ts';
import { verdictOn, type Target } from '../../../bench/frame/verdicts.ts';
import { outcome } from './outcomes.ts';

const target: Target = {
  what: 'rxmesh ÷ other',
  measure: 'carrying',
  figure: { case: '1 <B>', contestant: 'rxmesh', quantity: 'messages/s' },
  over: { case: '1 <B>', contestant: 'other', quantity: 'messages/s' },
  sense: 'at least',
  bound: 7,
  unit: '×',
};

function rowsOf(markdown: string): readonly string[] {
  return markdown.split('\n').filter((line) => line.startsWith('|'));
}

/** What was run, on what, and how long it took. */
const ran = `\`npm run bench -- carrying\` on Node ${process.versions.node}, 12 s.`;

describe('sectionsOf', () => {
  const [section = ''] = sectionsOf([outcome], true);

  it('has a row for each case and contestant, and ratios of the same rounds', () => {
    expect(rowsOf(section)).toEqual([
      '|  | contestant | messages/s | CPU | messages/s: rxmesh ÷ this |',
      '| --- | --- | --- | --- | --- |',
      '| 1 <B> | `rxmesh` | 500 [400, 600] | 2 [1, 3] |  |',
      '| 1 <B> | `other` | 100 [50, 100] | 4 [4, 4] | 6 [4, 10] |',
      '| 2 B | `rxmesh` | 50 | 9 |  |',
    ]);
  });

  it('tells who failed, where, and why', () => {
    expect(section).toContain('**`other` failed** (2 B): it hung | twice');
  });

  it('shows a chart only if there is one', () => {
    expect(section).toContain('![messages/s](carrying.svg)');
    expect(sectionsOf([outcome], false).join('')).not.toContain('.svg');
  });

  it('has no ratios when there is nothing to compare', () => {
    const own = outcome.series.filter(({ contestant }) => contestant === 'rxmesh');
    const [head = ''] = rowsOf(sectionsOf([{ ...outcome, series: own }], false).join(''));
    expect(head).not.toContain('÷');
  });

  it('says how fast the machine was, compared with its best in the whole run', () => {
    const other = { ...outcome, machine: { yardstickMs: [2], takenShare: undefined } };
    const ends = sectionsOf([outcome, other], false).map((text) => text.split('\n').at(-1));
    expect(ends).toEqual([
      `${ran} The machine had 0.4 [0.25, 0.5] of its best speed, and 12 % of its processors' time went to others.`,
      `${ran} The machine had 1 of its best speed.`,
    ]);
  });

  it('says nothing of a machine that was not watched', () => {
    const unwatched = { ...outcome, machine: { yardstickMs: [], takenShare: undefined } };
    for (const outcomes of [[unwatched], [unwatched, outcome]]) {
      expect(sectionsOf(outcomes, false)[0]?.split('\n').at(-1)).toBe(ran);
    }
  });
});

describe('targetsOf', () => {
  it.each([
    { bound: 6, met: 'yes' },
    { bound: 6.1, met: '**no**' },
  ])('judges the median: at least $bound of 6 is $met', ({ bound, met }) => {
    const rows = rowsOf(targetsOf([verdictOn({ ...target, bound }, [outcome])]));
    expect(rows[2]).toBe(`| rxmesh ÷ other | at least ${bound} × | 6 [4, 10] | ${met} |  |`);
  });

  it('has what the bare parts reach, divided by the same', () => {
    const rows = rowsOf(targetsOf([verdictOn({ ...target, bare: 'other' }, [outcome])]));
    expect(rows[2]).toContain('| 6 [4, 10] | **no** | `other`: 1 [1, 1] |');
  });

  it('says what was not measured', () => {
    expect(targetsOf([verdictOn(target, [])])).toContain('| not measured | **no** |  |');
  });
});

describe('reportOf', () => {
  it('has the machine, the targets, the contestants and the measures', () => {
    const report = reportOf({
      circumstances: {
        date: '2026-01-02',
        processors: '2 × Some CPU',
        memoryGiB: 8,
        system: 'Linux 6',
        node: '20.19.0',
        rounds: 5,
        roundMs: 700,
      },
      contestants: [{ name: 'bare', about: 'a pipe', isEncrypted: false, isDecoded: false }],
      outcomes: [outcome],
      verdicts: [verdictOn(target, [outcome])],
    });
    expect(report).toContain('2026-01-02 on 2 × Some CPU, 8 GiB of memory, Linux 6, Node 20.19.0.');
    expect(report).toContain('5 rounds of about 0.7 s each');
    expect(report).toContain(
      '| `bare` | a pipe | no | no: frames only, the limit of the machine |',
    );
    const headings = [...report.matchAll(/^#+ .*$/gm)].map(([line]) => line);
    expect(headings.slice(1)).toEqual(['## Targets', '## Contestants', '## Carrying & more']);
  });
});
