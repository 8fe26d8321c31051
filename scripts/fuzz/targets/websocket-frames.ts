import { FrameScanner } from '../../../transports/websocket/frame-scanner.ts';
import { frameStream, framesIn } from '../websocket-bytes.ts';
import { joined } from '../bytes.ts';
import { expectThat, type Target } from '../target.ts';

/** The result of scanning a stream. */
interface Scanned {
  readonly frames: number;
  readonly controls: number;
  readonly isClosed: boolean;
}

/** Scans `bytes` in reads of `readBytes`, with at most `framesMax` frames between two cuts. */
function scanned(bytes: Uint8Array, readBytes: number, framesMax: number): Scanned {
  const scanner = new FrameScanner();
  let frames = 0;
  for (let from = 0; from < bytes.length && !scanner.isClosed; from += readBytes) {
    const read = bytes.subarray(from, from + readBytes);
    for (let at = 0; at < read.length;) {
      const end = scanner.scan(read, at, framesMax);
      expectThat(end > at && end <= read.length, `a scan from ${at} to ${end}`);
      expectThat(scanner.frames <= framesMax, `${scanner.frames} frames at once`);
      frames += scanner.frames;
      at = end;
    }
  }
  const { controls, isClosed } = scanner;
  return { frames, controls, isClosed };
}

/**
 * The boundaries between WebSocket frames. The first two bytes of an input are the size of reads
 * and the maximum number of frames per cut.
 */
export const webSocketFrames: Target = {
  name: 'websocket-frames',
  share: 10,
  generate: (random) => joined([[1 + random.below(40), 1 + random.below(8)], frameStream(random)]),
  check(input) {
    const [readBytes = 1, framesMax = 1] = input;
    const bytes = input.slice(2);
    const expected = framesIn(bytes);
    for (const size of [Math.max(1, readBytes), 65_536]) {
      const { frames, controls, isClosed } = scanned(bytes, size, Math.max(1, framesMax));
      const isSame =
        frames === expected.begun &&
        controls === expected.controls &&
        isClosed === expected.isClosed;
      expectThat(isSame, `${frames} frames, ${controls} controls in reads of ${size}`);
    }
    return expected.isClosed ? 'closed' : 'open';
  },
};
