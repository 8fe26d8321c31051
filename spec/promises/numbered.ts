import type { Channel, NodeId } from '../../lib/index.ts';

/** A message of `bytes` bytes that starts with its sequence number. */
export function numbered(seq: number, bytes = 64): Uint8Array {
  const message = new Uint8Array(bytes);
  new DataView(message.buffer).setUint32(0, seq);
  return message;
}

/** The sequence number at the start of a message. */
export const numberOf = (message: Uint8Array): number =>
  new DataView(message.buffer, message.byteOffset).getUint32(0);

/** Sends messages to `to` one at a time, as fast as the lane accepts them, while `more` holds. */
export function produce(
  channel: Channel<Uint8Array>,
  to: NodeId,
  more: () => boolean,
  bytes?: number,
): { sent: number } {
  const count = { sent: 0 };
  let running = false;
  const run = (): void => {
    running = true;
    for (let goesOn = true; goesOn && more();) {
      goesOn = false;
      channel.send({ to, message: numbered(count.sent, bytes) }).subscribe({
        next: ({ accepted }) => {
          count.sent += accepted;
          // The peer has gone if nothing was accepted.
          goesOn = accepted > 0;
        },
        complete: () => {
          if (goesOn && !running) run();
        },
      });
    }
    running = false;
  };
  run();
  return count;
}
