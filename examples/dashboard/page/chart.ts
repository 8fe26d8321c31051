/** How many values a chart shows: a minute. */
const valuesMax = 60;
const height = 40;
const svgNamespace = 'http://www.w3.org/2000/svg';

/** The last minute of a value, as a line. */
export class Chart {
  readonly element: SVGElement = document.createElementNS(svgNamespace, 'svg');
  readonly #label: string;
  readonly #line = document.createElementNS(svgNamespace, 'polyline');
  readonly #values: number[] = [];

  constructor(label: string) {
    this.#label = label;
    this.element.setAttribute('class', 'chart');
    this.element.setAttribute('role', 'img');
    this.element.setAttribute('viewBox', `0 0 ${valuesMax - 1} ${height}`);
    this.element.setAttribute('preserveAspectRatio', 'none');
    this.#line.setAttribute('vector-effect', 'non-scaling-stroke');
    this.element.append(this.#line);
  }

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > valuesMax) this.#values.shift();
    const top = Math.max(...this.#values, 1);
    const first = valuesMax - this.#values.length;
    const points = this.#values.map((each, i) => {
      const y = height - 1 - (each / top) * (height - 2);
      return `${first + i},${y.toFixed(1)}`;
    });
    this.#line.setAttribute('points', points.join(' '));
    const now = Math.round(value);
    const most = Math.round(top);
    this.element.setAttribute('aria-label', `${this.#label}: now ${now}, at most ${most}`);
  }
}
