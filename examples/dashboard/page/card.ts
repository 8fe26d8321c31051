import type { Lane, ProducerView } from '../telemetry.ts';
import { Chart } from './chart.ts';

/** Makes an element with a class and a text. */
export function make(tag: string, name: string, text = ''): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

/** A lane as a bar, with what is in it. */
class Meter {
  readonly element = make('div', 'lane');
  readonly #bar = make('span', 'bar');
  readonly #fill = make('span', 'fill');
  readonly #text = make('span', 'text');
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    this.#bar.setAttribute('role', 'meter');
    this.#bar.setAttribute('aria-label', name);
    this.#bar.append(this.#fill);
    this.element.append(make('span', 'name', name), this.#bar, this.#text);
  }

  show({ depth, capacity }: Lane): void {
    const percent = capacity === 0 ? 0 : Math.round(Math.min(1, depth / capacity) * 100);
    this.#bar.setAttribute('aria-valuenow', String(percent));
    this.#bar.setAttribute('aria-valuetext', `${this.#name}: ${depth} of ${capacity}`);
    this.#fill.style.width = `${percent}%`;
    this.element.classList.toggle('full', percent >= 90);
    this.#text.textContent = `${depth} of ${capacity}`;
  }
}

/** One producer: its rate over the last minute, its lanes, and whether anything is missing. */
export class Card {
  readonly element = make('section', 'card');
  readonly #state = make('span', 'state');
  readonly #rate = make('strong', 'rate');
  readonly #chart: Chart;
  readonly #outbound = new Meter('lane there');
  readonly #inbound = new Meter('lane here');
  readonly #facts = make('p', 'facts');
  #last: { readonly atMs: number; readonly made: number } | undefined;

  constructor(name: string) {
    this.element.dataset['name'] = name;
    this.#chart = new Chart(`${name}, samples a second`);
    const head = make('h2', 'head', name);
    head.append(this.#state);
    const lanes = [this.#outbound.element, this.#inbound.element];
    this.element.append(head, this.#rate, this.#chart.element, ...lanes, this.#facts);
  }

  show(view: ProducerView, atMs: number): void {
    const { isUp, made, taken, missing, memory, lane, inbound } = view;
    this.#state.textContent = isUp ? 'up' : 'down';
    this.#state.classList.toggle('down', !isUp);
    this.#measure(made, atMs);
    this.#outbound.show(lane);
    this.#inbound.show(inbound);
    const count = (value: number): string => value.toLocaleString('en');
    const facts = `made ${count(made)} · taken ${count(taken)} · missing ${count(missing)}`;
    this.#facts.textContent = `${facts} · ${memory} MiB`;
  }

  #measure(made: number, atMs: number): void {
    const last = this.#last;
    // A report comes twice a second, as a view does: some views have no news.
    if (last !== undefined && atMs - last.atMs < 900) return;
    this.#last = { atMs, made };
    if (last === undefined) return;
    const rate = ((made - last.made) * 1_000) / (atMs - last.atMs);
    this.#rate.textContent = `${Math.round(rate)} samples/s`;
    this.element.dataset['rate'] = String(Math.round(rate));
    this.#chart.add(rate);
  }
}
