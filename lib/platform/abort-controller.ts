/** The platform's `AbortSignal`, a global in browsers and Node. */
export type PlatformAbortSignal = AbortSignal;

/** The part of an `AbortController` that rxmesh uses. */
export interface Aborting {
  readonly signal: PlatformAbortSignal;
  abort(reason: unknown): void;
}

/** Creates a controller and its signal. */
export function makeAbortController(): Aborting {
  return new AbortController();
}
