import { varintBytes } from './varint.ts';

/** The first byte of a packet: the field of its only part (docs/comet.md, "The wire"). */
export const PACKET = { ping: 0x0a, pong: 0x12, message: 0x1a } as const;
/** The fields of a message packet. */
export const FIELD = { channel: 0x08, eof: 0x10, data: 0x1a } as const;

/**
 * The first channel that cannot be used. CometBFT computes its packet limit for channels of one
 * byte, and disconnects a peer that sends it a full packet on any other.
 */
export const CHANNELS_END = 0x80;

/**
 * The longest packet with this many bytes of a message, without the length in front. It is what
 * CometBFT allows: it counts the channel and the end mark, which others may leave out.
 */
export function packetLengthMax(dataBytes: number): number {
  const message = 4 + 1 + varintBytes(dataBytes) + dataBytes;
  return 1 + varintBytes(message) + message;
}
