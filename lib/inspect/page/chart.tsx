import { Component, type JSX } from 'preact';

/** How many seconds a chart shows. */
const seconds = 60;

/** Properties of `Chart`. */
export interface ChartProps {
  readonly label: string;
  /** Another array when there is another value. */
  readonly values: readonly number[];
  readonly format: (value: number) => string;
  readonly tone?: 'in' | 'out' | 'bad';
  readonly small?: boolean;
}

/** The last minute of a value as a line, with the value itself. Drawn when there is a new one. */
export class Chart extends Component<ChartProps> {
  override shouldComponentUpdate({ values, label }: ChartProps): boolean {
    return values !== this.props.values || label !== this.props.label;
  }

  override render({ label, values, format, tone = 'in', small }: ChartProps): JSX.Element {
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
          {/* The whole minute, so that a line which has just begun does not float. */}
          <line class="axis" x1="0" x2={seconds - 1} y1="32" y2="32" />
          {values.length > 1 && <Line values={values} top={top} />}
        </svg>
        {small !== true && (
          <figcaption>
            <span class="what">{label}</span>
            <strong>{format(last)}</strong>
            <span class="top">peak {format(top)}</span>
          </figcaption>
        )}
      </figure>
    );
  }
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
