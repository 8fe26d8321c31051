import type { JSX } from 'preact';

/** How many seconds a chart shows. */
const seconds = 60;

/** Properties of `Chart`. */
export interface ChartProps {
  readonly label: string;
  readonly values: readonly number[];
  readonly format: (value: number) => string;
  readonly tone?: 'in' | 'out' | 'bad';
  readonly small?: boolean;
}

/** The last minute of a value as a line, with the value itself. */
export function Chart({ label, values, format, tone = 'in', small }: ChartProps): JSX.Element {
  const last = values.at(-1) ?? 0;
  const top = Math.max(...values, 0);
  const said = `${label}: now ${format(last)}, at most ${format(top)} in the last minute`;
  return (
    <figure class={`chart tone-${tone} ${small === true ? 'small' : ''}`}>
      <svg
        viewBox={`0 0 ${seconds - 1} 32`}
        preserveAspectRatio="none"
        role="img"
        aria-label={said}
      >
        {values.length > 1 && <Line values={values} top={top} />}
      </svg>
      {small !== true && (
        <figcaption>
          <span class="what">{label}</span>
          <strong>{format(last)}</strong>
        </figcaption>
      )}
    </figure>
  );
}

function Line({ values, top }: { readonly values: readonly number[]; readonly top: number }) {
  const first = seconds - values.length;
  const points = values.map((value, i) => {
    const y = top === 0 ? 31 : 31 - (value / top) * 29;
    return `${first + i},${y.toFixed(1)}`;
  });
  return (
    <>
      <polygon points={`${first},32 ${points.join(' ')} ${seconds - 1},32`} />
      <polyline points={points.join(' ')} vector-effect="non-scaling-stroke" />
    </>
  );
}
