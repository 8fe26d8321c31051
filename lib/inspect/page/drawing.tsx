import { render } from 'preact';
import type { LinkHandlers } from '../link.ts';
import type { Command } from '../view.ts';
import { App } from './app.tsx';
import type { ControlsProps } from './controls.tsx';
import { Model } from './model.ts';

/** How often times that pass are drawn anew, if nothing else happens. */
const tickMs = 250;

/** Options of a `Drawing`. */
export interface DrawingOptions {
  /** Where to draw. */
  readonly root: Element;
  /** Resolves to what is shown; rejects with what went wrong. */
  readonly command: (command: Command) => Promise<string>;
  /** What closes the inspector, if its user may. */
  readonly close?: () => void;
  readonly onDrawn?: (model: Model) => void;
}

/** Draws what the updates of an inspector make. */
export class Drawing {
  readonly handlers: LinkHandlers = {
    state: (state) => {
      // Why it was refused stands there while the page keeps trying.
      if (this.#model.link.name !== 'refused' || state.name === 'live') this.#model.link = state;
      this.#drawSoon();
    },
    begin: () => this.#model.reset(),
    update: (update) => {
      this.#model.apply(update, performance.now());
      this.#drawSoon();
    },
  };

  readonly #options: DrawingOptions;
  readonly #model = new Model();
  readonly #ticks: ReturnType<typeof setInterval>;
  #said: ControlsProps['said'];
  #isDue = false;
  #isOver = false;

  constructor(options: DrawingOptions) {
    this.#options = options;
    this.#draw();
    this.#ticks = setInterval(() => this.#drawSoon(), tickMs);
  }

  end(): void {
    this.#isOver = true;
    clearInterval(this.#ticks);
    render(null, this.#options.root);
  }

  /** Draws once for all that happens before the next frame. A hidden page draws nothing. */
  #drawSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#isDue = false;
    if (this.#isOver) return;
    const { root, close, onDrawn } = this.#options;
    const model = this.#model;
    const nowMs = model.nowMs(performance.now());
    const command = (given: Command): void => this.#command(given);
    render(<App {...{ model, nowMs, command, close }} said={this.#said} />, root);
    onDrawn?.(model);
  }

  #command(given: Command): void {
    const say = (text: string, isBad: boolean): void => {
      this.#said = { text, isBad };
      this.#drawSoon();
    };
    this.#options.command(given).then(
      (text) => say(text, false),
      (error: unknown) => say(error instanceof Error ? error.message : String(error), true),
    );
  }
}
