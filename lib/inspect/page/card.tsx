import { Component, type ComponentChildren, createRef, type JSX } from 'preact';

/** How often a card out of sight is drawn. */
const unseenMs = 1_000;
/** How near to the window a card counts as in sight, so that it is up to date when it comes. */
const rootMargin = '200px';

/** Properties of `Card`. */
export interface CardProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

/**
 * A part of the page. Out of sight it is drawn once a second: with a hundred peers, most of the
 * work is below the window.
 */
export class Card extends Component<CardProps> {
  readonly #section = createRef<HTMLElement>();
  #observer: IntersectionObserver | undefined;
  #isSeen = true;
  #drawnMs = 0;

  override componentDidMount(): void {
    const section = this.#section.current;
    if (section === null) return;
    this.#observer = new IntersectionObserver((entries) => this.#looked(entries), { rootMargin });
    this.#observer.observe(section);
  }

  override componentWillUnmount(): void {
    this.#observer?.disconnect();
  }

  override shouldComponentUpdate(): boolean {
    return this.#isSeen || performance.now() - this.#drawnMs >= unseenMs;
  }

  override render({ title, children }: CardProps): JSX.Element {
    this.#drawnMs = performance.now();
    const id = `card-${title.toLowerCase().replaceAll(' ', '-')}`;
    return (
      <section class="card" aria-labelledby={id} ref={this.#section}>
        <h2 id={id}>{title}</h2>
        {children}
      </section>
    );
  }

  #looked(entries: readonly IntersectionObserverEntry[]): void {
    this.#isSeen = entries.at(-1)?.isIntersecting ?? true;
    if (this.#isSeen) this.forceUpdate();
  }
}
