import type { ByeReason } from '../transport/link.ts';

/** The most plaintext bytes of a record (docs/wire.md, "Records"). */
export const RECORD_BYTES_MAX = 131_072;

/** The longest header of a `data` packet: type byte, channel and length. */
const DATA_HEADER_BYTES_MAX = 7;

/**
 * The largest payload of one `data` packet: 65 KiB, so that a message of 64 KiB fits in one piece.
 */
export const FRAGMENT_BYTES_MAX = 66_560;

/**
 * A record longer than this takes no more data, so that below it there is always room for the
 * largest packet.
 */
export const RECORD_BYTES_FULL: number =
  RECORD_BYTES_MAX - DATA_HEADER_BYTES_MAX - FRAGMENT_BYTES_MAX;

/** The longest packet other than `data` and `bye`: a `credit`. */
export const CONTROL_BYTES_MAX = 14;

/** The highest channel ID. */
export const CHANNEL_MAX = 0xffff;

/** The longest message that a side may announce as its limit. */
export const MESSAGE_LIMIT_MAX = 0x4000_0000;

/** The most messages, and the most bytes, that a single `credit` grants. */
export const CREDIT_MAX = 0x7fff_ffff;

/** The latest time of a `pong`, in microseconds: nine years. */
export const PONG_TIME_MAX: number = 2 ** 48;

/** The most UTF-8 bytes of the text of a `bye`. */
export const BYE_TEXT_BYTES_MAX = 256;

/** Size of the longest `bye`: type, reason, length and text. */
export const BYE_BYTES_MAX: number = 4 + BYE_TEXT_BYTES_MAX;

/** The first byte of each packet (docs/wire.md, "Packets"). */
export const PACKET = {
  dataMore: 0x00,
  dataLast: 0x01,
  credit: 0x02,
  channelClosed: 0x03,
  accept: 0x04,
  ping: 0x05,
  pong: 0x06,
  bye: 0x07,
  messageLimit: 0x08,
} as const;

/** The reasons of a `bye`. The index of each is its byte on the wire. */
export const BYE_REASONS: readonly ByeReason[] = [
  'done',
  'duplicate',
  'full',
  'refused',
  'incompatible',
  'evicted',
  'violation',
];
