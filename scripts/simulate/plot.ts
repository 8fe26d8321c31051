import type { Sample } from './figures.ts';

const width = 900;
const height = 220;
const margin = { left: 60, right: 20, top: 30, bottom: 30 };

/** A line of a chart. */
interface Line {
  readonly color: string;
  readonly of: (sample: Sample) => number;
}

/** Peer counts and deliveries over time, as an SVG. */
export function plot(samples: readonly Sample[]): string {
  const charts = [
    chart('peers of a node: fewest, mean, most', samples, [
      { color: '#9ecae1', of: ({ fewest }) => fewest },
      { color: '#08519c', of: ({ peers }) => peers },
      { color: '#9ecae1', of: ({ most }) => most },
    ]),
    chart('running nodes', samples, [{ color: '#636363', of: ({ running }) => running }]),
    // The first sample covers the time in which the network came up.
    chart('messages delivered per second', samples.slice(1), [
      { color: '#a63603', of: ({ delivered }) => delivered },
    ]),
  ];
  const parts = charts.map((part, i) => `<g transform="translate(0 ${i * height})">${part}</g>`);
  const size = `width="${width}" height="${height * charts.length}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function chart(title: string, samples: readonly Sample[], lines: readonly Line[]): string {
  const endMs = Math.max(1, samples.at(-1)?.atMs ?? 1);
  const values = samples.flatMap((sample) => lines.map(({ of }) => of(sample)));
  const top = values.reduce((most, each) => Math.max(most, each), 1);
  const x = (ms: number): number =>
    margin.left + (ms / endMs) * (width - margin.left - margin.right);
  const y = (value: number): number =>
    height - margin.bottom - (value / top) * (height - margin.top - margin.bottom);
  const label = (at: readonly [number, number], anchor: string, text: string): string =>
    `<text x="${at[0]}" y="${at[1]}" text-anchor="${anchor}">${text}</text>`;
  const [right, floor] = [width - margin.right, height - margin.bottom];
  const drawn = lines.map(({ color, of }) => {
    const points = samples.map(
      (sample) => `${x(sample.atMs).toFixed(1)},${y(of(sample)).toFixed(1)}`,
    );
    return `<polyline fill="none" stroke="${color}" points="${points.join(' ')}"/>`;
  });
  return [
    label([margin.left, 18], 'start', title),
    `<path d="M${margin.left} ${margin.top}V${floor}H${right}" fill="none" stroke="black"/>`,
    label([margin.left - 6, floor], 'end', '0'),
    label([margin.left - 6, y(top) + 4], 'end', String(Math.round(top))),
    label([right, floor + 18], 'end', `${Math.round(endMs / 1000)} s`),
    ...drawn,
  ].join('\n');
}
