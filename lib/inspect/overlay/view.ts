import type { LinkHandlers } from '../link.ts';
import type { Command } from '../view.ts';

/** What the view of an overlay needs. */
export interface OverlayViewOptions {
  /** Resolves to what the view shows; rejects with what went wrong. */
  readonly command: (command: Command) => Promise<string>;
  /** Called once, when the view is gone: its user has closed it, or `remove` was called. */
  readonly onClosed: () => void;
}

/** The view of an overlay. */
export interface OverlayView {
  /** What it shows. */
  readonly handlers: LinkHandlers;
  /** Takes it off the page. Calling it again does nothing. */
  remove(): void;
}

/**
 * Puts the view over the page. This file has its type; what the type checker does not see is in
 * `../page/overlay.tsx`, which the build bundles with all that it needs.
 */
export declare const overlayView: (options: OverlayViewOptions) => OverlayView;
