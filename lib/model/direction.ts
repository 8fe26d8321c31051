/**
 * The direction of a connection or message, seen from this node. A connection that this node dialed
 * is `outbound`.
 */
export type Direction = 'inbound' | 'outbound';
