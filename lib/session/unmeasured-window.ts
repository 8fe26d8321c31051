import type { OpenWindow } from './in-flight.ts';

/**
 * The window of a link that may leave pings unanswered: nothing shows what its peer has read, so
 * only the socket limits what is in flight.
 */
export const unmeasuredWindow: OpenWindow = {
  /** More than a link takes at a time. */
  recordBytes: 72 * 1024,
  /**
   * Inbound windows may grow: on a wire without credit they limit what waits here, not what is on
   * its way.
   */
  roundTripMs: 3,
  open: true,
  pingDue: false,
  wrote: () => undefined,
  starved: () => undefined,
  pinged: () => undefined,
  ponged: () => undefined,
};
