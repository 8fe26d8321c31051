import type { Outcome, Series } from './measure.ts';
import { textOfNumber } from './numbers.ts';
import { summaryOf } from './statistics.ts';

const width = 760;
const [labelsEnd, barsEnd] = [170, 640];
const rowHeight = 22;
const barHeight = 12;
const caseHeight = 34;
const titleHeight = 44;

/** The chart has its own background, so it is legible on any page. */
const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .case { font-weight: 600 }
  .ground { fill: #ffffff }
  .bar { fill: #a8b1bb }
  .own { fill: #2f81f7 }
  .whisker { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .ground { fill: #0d1117 }
    .bar { fill: #6e7681 }
    .whisker { stroke: #e6edf3 }
  }
`;

/**
 * An SVG bar chart of the measure's charted quantity. Bars show medians, whiskers the range from
 * minimum to maximum. Each case has its own scale, starting at 0.
 */
export function chartOf({ measure, series }: Outcome): string {
  const charted = series.filter(({ quantity }) => quantity === measure.charted);
  const cases = new Set(charted.map((one) => one.case));
  const parts: string[] = [];
  let y = titleHeight;
  for (const name of cases) {
    const group = charted.filter((one) => one.case === name);
    parts.push(text(16, y + 14, name, 'case'));
    y += caseHeight - 12;
    const most = Math.max(...group.flatMap(({ rounds }) => rounds));
    for (const one of group) {
      parts.push(barOf(one, y, most > 0 ? (barsEnd - labelsEnd) / most : 0));
      y += rowHeight;
    }
    y += 12;
  }
  const better = measure.lowerIsBetter === true ? 'less is better' : 'more is better';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" role="img">`,
    `<style>${style}</style>`,
    `<rect class="ground" width="${width}" height="${y}" rx="6"/>`,
    text(16, 26, `${measure.title}: ${measure.charted} (${better})`, 'title'),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function barOf({ contestant, rounds }: Series, y: number, pixels: number): string {
  const { median, min, max } = summaryOf(rounds);
  const at = (value: number): string => (labelsEnd + value * pixels).toFixed(1);
  const middle = y + barHeight / 2;
  const own = contestant.startsWith('rxmesh') ? ' own' : '';
  return [
    text(labelsEnd - 8, y + 10, contestant, 'name', 'end'),
    `<rect class="bar${own}" x="${labelsEnd}" y="${y}" width="${(median * pixels).toFixed(1)}" height="${barHeight}"/>`,
    min === max
      ? ''
      : `<path class="whisker" d="M${at(min)} ${middle}H${at(max)}M${at(min)} ${y + 2}v8M${at(max)} ${y + 2}v8"/>`,
    text(labelsEnd + max * pixels + 8, y + 10, textOfNumber(median), 'value'),
  ].join('');
}

function text(x: number, y: number, content: string, kind: string, anchor = 'start'): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text class="${kind}" x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${escaped}</text>`;
}
