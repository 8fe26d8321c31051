import { createCipheriv, createDecipheriv } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { pingSeq, type Contestant } from './contestant.ts';
import { FrameReader, type FrameSource, type OnFrame } from './frames.ts';
import { seqIn, Template } from './item.ts';
import { drained, Pings, unsentBytesMax } from './waiting.ts';

const algorithm = 'chacha20-poly1305';
const authTagLength = 16;
const recordBytesMax = 65_536;

/** Frames up to this size are copied into a batch; longer ones are sealed in place. */
const copiedBytesMax = 8192;

/** There is no handshake here; another measure covers its cost. */
const key = Buffer.alloc(32, 7);
const [toReceiver, toSender] = [1, 2];

/**
 * The encrypted bare socket: a stream of frames over node:net, cut into length-prefixed records of
 * 64 KiB, each sealed with ChaCha20-Poly1305 by node:crypto.
 */
export const socket: Contestant = overSocket((bytes) => new Template(bytes), seqIn);

/**
 * Sends frames from a source in sealed records over node:net.
 *
 * @param seqOf returns the number of a received frame
 */
export function overSocket(
  sourceFor: (bytes: number) => FrameSource,
  seqOf: (bytes: Uint8Array, start: number, end: number) => number,
): Contestant {
  return {
    async listen({ bytes }, take) {
      const source = sourceFor(bytes);
      const options = { noDelay: true, highWaterMark: unsentBytesMax };
      const server = createServer(options, (connection) => {
        const answers = new SealedWriter(connection, toSender);
        openRecords(connection, toReceiver, (frame, start, end) => {
          const seq = seqOf(frame, start, end);
          if (seq !== pingSeq) {
            take(0, seq);
            return;
          }
          answers.write(source, pingSeq);
          answers.flush();
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return String((server.address() as AddressInfo).port);
    },

    async dial(address, { bytes }) {
      const source = sourceFor(bytes);
      const host = '127.0.0.1';
      const options = { port: Number(address), host, noDelay: true, highWaterMark: unsentBytesMax };
      const connection = connect(options);
      await once(connection, 'connect');
      const pings = new Pings();
      openRecords(connection, toSender, () => pings.answered());
      const writer = new SealedWriter(connection, toReceiver);
      return {
        async send(_, first, count) {
          for (let seq = first; seq < first + count; seq += 1) {
            writer.write(source, seq);
            if (connection.writableNeedDrain) await drained(connection);
          }
          writer.flush();
        },
        ping() {
          const answered = pings.sent();
          writer.write(source, pingSeq);
          writer.flush();
          return answered;
        },
      };
    },
  };
}

/** The nonce of one record in one direction. */
function nonceOf(direction: number, record: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt8(direction, 0);
  nonce.writeUIntLE(record, 6, 6);
  return nonce;
}

/** Collects frames and seals them once there are enough for a record. */
class SealedWriter {
  readonly #connection: Socket;
  readonly #direction: number;
  /** The pieces of the next record, in order. */
  #pieces: Uint8Array[] = [];
  #length = 0;
  /**
   * Short frames are copied here. The first `#batched` bytes are in use; `flush` adds them to the
   * pieces.
   */
  readonly #batch = Buffer.alloc(recordBytesMax);
  #batched = 0;
  #records = 0;

  constructor(connection: Socket, direction: number) {
    this.#connection = connection;
    this.#direction = direction;
  }

  write(source: FrameSource, seq: number): void {
    const length = source.begin(seq);
    if (length <= copiedBytesMax) {
      if (this.#batched + length > recordBytesMax) this.flush();
      source.write(seq, this.#batch, this.#batched);
      this.#batched += length;
      return;
    }
    const frame = Buffer.allocUnsafe(length);
    source.write(seq, frame, 0);
    for (let at = 0; at < length;) {
      const piece = frame.subarray(at, at + recordBytesMax - this.#length);
      this.#pieces.push(piece);
      this.#length += piece.length;
      at += piece.length;
      if (this.#length === recordBytesMax) this.flush();
    }
  }

  flush(): void {
    if (this.#batched > 0) this.#pieces.push(this.#batch.subarray(0, this.#batched));
    const length = this.#length + this.#batched;
    if (length === 0) return;
    const nonce = nonceOf(this.#direction, this.#records);
    const cipher = createCipheriv(algorithm, key, nonce, { authTagLength });
    const header = Buffer.allocUnsafe(4);
    header.writeUInt32LE(length);
    this.#connection.cork();
    this.#connection.write(header);
    for (const piece of this.#pieces) this.#connection.write(cipher.update(piece));
    cipher.final();
    this.#connection.write(cipher.getAuthTag());
    this.#connection.uncork();
    this.#records += 1;
    this.#pieces = [];
    this.#length = 0;
    this.#batched = 0;
  }
}

/** Opens the records of one direction and reads the frames inside. */
function openRecords(connection: Socket, direction: number, onFrame: OnFrame): void {
  const frames = new FrameReader(onFrame);
  let records = 0;
  let waiting: Buffer[] = [];
  let bytesWaiting = 0;
  connection.on('data', (piece: Buffer) => {
    waiting.push(piece);
    bytesWaiting += piece.length;
    if (bytesWaiting < lengthOf(waiting)) return;
    let rest = waiting.length === 1 ? piece : Buffer.concat(waiting);
    let needed = lengthOf([rest]);
    while (rest.length >= needed) {
      frames.read(open(rest.subarray(4, needed)));
      rest = rest.subarray(needed);
      needed = lengthOf([rest]);
    }
    waiting = rest.length === 0 ? [] : [rest];
    bytesWaiting = rest.length;
  });

  function open(sealed: Buffer): Buffer {
    const nonce = nonceOf(direction, records);
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength });
    records += 1;
    decipher.setAuthTag(sealed.subarray(sealed.length - authTagLength));
    const plain = decipher.update(sealed.subarray(0, sealed.length - authTagLength));
    decipher.final();
    return plain;
  }
}

/**
 * Length of the first record, with its header and tag. Infinity while unknown. If the header is
 * split across pieces, returns 4, so that the caller joins the pieces and asks again.
 */
function lengthOf(pieces: readonly Buffer[]): number {
  const first = pieces[0];
  if (first === undefined || first.length < 4) return pieces.length > 1 ? 4 : Infinity;
  return 4 + first.readUInt32LE() + authTagLength;
}
