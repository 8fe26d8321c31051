/**
 * Which side made a connection: `outbound` is the one that dialed. Of messages: which way they go.
 */
export type Direction = 'inbound' | 'outbound';
