import { describe, expect, it } from '@jest/globals';
import { chartOf } from '../../../bench/frame/charts.ts';
import { outcome } from './outcomes.ts';

const chart = chartOf(outcome);

function widths(svg: string): readonly number[] {
  return [...svg.matchAll(/class="bar[^"]*"[^>]* width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );
}

describe('chartOf', () => {
  it('draws the medians of the charted quantity, to the scale of their case', () => {
    const [own = NaN, other = NaN, alone = NaN] = widths(chart);
    expect(widths(chart)).toHaveLength(3);
    expect(own / other).toBeCloseTo(5, 1);
    // The case ends with its largest round: 600, of which 500 is the median; 50 alone has all of
    // the width.
    expect(own / alone).toBeCloseTo(500 / 600, 2);
  });

  it('draws a whisker from the least to the most', () => {
    const [own] = widths(chart);
    const [, from, to] = /class="whisker" d="M([\d.]+) [\d.]+H([\d.]+)/.exec(chart) ?? [];
    const [start] = /class="bar own" x="(\d+)"/.exec(chart)?.slice(1) ?? [];
    expect((Number(from) - Number(start)) / (own ?? NaN)).toBeCloseTo(400 / 500, 2);
    expect((Number(to) - Number(start)) / (own ?? NaN)).toBeCloseTo(600 / 500, 2);
  });

  it('is valid XML, whatever the names', () => {
    expect(chart).toContain('>1 &lt;B></text>');
    expect(chart).toContain('Carrying &amp; more: messages/s (more is better)');
  });

  it('says when less is better', () => {
    const measure = { ...outcome.measure, lowerIsBetter: true };
    expect(chartOf({ ...outcome, measure })).toContain('(less is better)');
  });

  it('can be read on a dark page, too', () => {
    expect(chart).toContain('prefers-color-scheme: dark');
  });

  it('draws nothing as nothing', () => {
    const series = outcome.series.map((one) => ({ ...one, rounds: [0] }));
    expect(widths(chartOf({ ...outcome, series }))).toEqual([0, 0, 0]);
  });
});
