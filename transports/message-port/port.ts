/**
 * What is used of a `MessagePort`: one end of a line between two windows, frames or workers of a
 * browser, or two workers of Node.
 */
export interface PortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: string, listener: (event: object) => void): void;
  /** Messages are kept until then. */
  start(): void;
  close(): void;
}
