/** Nodes in the windows, frames and workers of a browser, over `MessagePort`s. */
export { PortTransport } from './port-transport.ts';
export type { PortLike } from './port.ts';
