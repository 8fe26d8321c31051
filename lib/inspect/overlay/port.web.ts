import { formatNodeAddress, Identity } from '../../index.ts';
import type { PortLike } from '../../../transports/message-port/index.ts';

/** A `MessagePort`, where the program's types have one: those of browsers or of Node. */
export type PagePort = typeof globalThis extends { MessagePort: { prototype: infer Port } }
  ? Port
  : PortLike;

/** A `Window`, where the program's types have one. */
export type PageWindow = typeof globalThis extends { Window: { prototype: infer Window } }
  ? Window
  : object;

/**
 * Hands one end of a new `MessageChannel` to where an inspector is answered: another window, frame
 * or worker. Called for each attempt to connect.
 */
export type InspectorLine = (port: PagePort) => void;

/**
 * The identity of all inspectors behind ports. It is no secret, and need not be: a port leads to
 * one place, which the browser vouches for.
 */
export function portIdentity(): Identity {
  return Identity.fromSeed(new Uint8Array(32).fill(1));
}

/** The address of all inspectors behind ports. */
export function portAddress(): string {
  return formatNodeAddress({ protocol: 'port', id: portIdentity().id });
}

/** What a window sends along with a port, to be let in. */
export const portRequest = { rxmesh: 'inspect' } as const;

/** Whether a message asks for an inspector. Other parts of the page have messages of their own. */
export function isPortRequest(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return false;
  return Reflect.get(data, 'rxmesh') === portRequest.rxmesh;
}
