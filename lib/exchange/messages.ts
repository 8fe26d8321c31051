import { Reader, Writer } from 'protobufjs/minimal.js';
import type { Codec } from '../codec/codec.ts';
import { decodeBy } from '../codec/decoding.ts';
import { RxmeshError } from '../model/error.ts';
import type { ExchangeMessage } from '../model/exchange-dialect.ts';

/** The most addresses in one answer. */
export const addressesMax = 100;

/** The longest message, in bytes. */
export const messageBytesMax: number = 64 * 1024;

/** Protobuf tags: field 1 and 2, both length-delimited. */
const ask = (1 << 3) | 2;
const answer = (2 << 3) | 2;
/** Of an answer. */
const address = (1 << 3) | 2;

/** The messages of peer exchange as protobuf: see docs/wire.md, "Peer exchange". */
export const exchangeCodec: Codec<ExchangeMessage> = {
  encode(message) {
    const writer = new Writer();
    if (message.kind === 'ask') return writer.uint32(ask).bytes(new Uint8Array()).finish();
    writer.uint32(answer).fork();
    for (const text of message.addresses) writer.uint32(address).string(text);
    return writer.ldelim().finish();
  },
  decode: decodeBy((bytes) => {
    const reader = new Reader(bytes);
    let message: ExchangeMessage | undefined;
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === ask) {
        reader.bytes();
        message = { kind: 'ask' };
      } else if (tag === answer) message = { kind: 'answer', addresses: readAddresses(reader) };
      else reader.skipType(tag & 7);
    }
    if (message !== undefined) return message;
    throw new RxmeshError('RXMESH_DECODE_FAILED', 'the message is neither an ask nor an answer');
  }),
};

function readAddresses(reader: Reader): readonly string[] {
  const addresses: string[] = [];
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError('the answer is cut short');
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag !== address) reader.skipType(tag & 7);
    else if (addresses.length < addressesMax) addresses.push(reader.string());
    else throw new RangeError(`the answer has more than ${addressesMax} addresses`);
  }
  return addresses;
}
