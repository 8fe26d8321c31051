import { block, type ChannelOptions } from '../index.ts';
import type { GossipOptions, Numbers } from './options.ts';

/**
 * Frames are consumed as they arrive, so a neighbour has credit for a whole lane from the start. In
 * a short outbound lane, little is in front of the next question.
 */
const lanes = {
  inbound: block(4_096, { bytes: 16 * 1024 * 1024 }),
  outbound: block(64),
};
/** What a frame may have besides the payload. */
const overheadBytes = 1_024;

/** The options of the channel, with lanes for frames. */
export function channelOptionsFrom(
  {
    id,
    inbound = lanes.inbound,
    outbound = lanes.outbound,
    priority,
  }: Omit<GossipOptions<never>, 'codec'>,
  { messageBytesMax }: Numbers,
): Omit<ChannelOptions<never>, 'codec'> {
  return {
    id,
    messageBytesMax: messageBytesMax + overheadBytes,
    inbound,
    outbound,
    ...(priority !== undefined && { priority }),
  };
}
