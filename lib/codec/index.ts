/**
 * Codecs convert the messages of a channel to bytes and back.
 *
 *     const codec = limited(protobuf(ChatMessage), { messageBytesMax: 4096 })
 *     const bytes = codec.encode({ text: 'hello' })
 *     codec.decode(bytes).text
 */
export type { Codec } from './codec.ts';
export type { DecodeLimits } from './decode-limits.ts';
export { json, type JsonOptions } from './json.ts';
export { limited, type MessageLimits } from './limited.ts';
export type { FieldsOf, MessageType, MessageWriter, ReflectedType } from './message-type.ts';
export { oneof } from './oneof.ts';
export { oneofWrapper, type MessagesOf, type Oneof } from './oneof-wrapper.ts';
export { protobuf, type ProtobufOptions } from './protobuf.ts';
export { raw } from './raw.ts';
export { wrapped } from './wrapped.ts';
export type { Wrapper } from './wrapper.ts';
