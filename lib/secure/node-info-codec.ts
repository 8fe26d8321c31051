import { Reader, Writer } from 'protobufjs/minimal.js';
import {
  DELIMITED,
  nested,
  readCount,
  readTag,
  readText,
  skipUnknown,
  tag,
  VARINT,
} from '../codec/fields.ts';
import { RxmeshError } from '../model/error.ts';
import { type NodeId, uncheckedNodeId } from '../model/node-id.ts';
import type { NodeInfo, ProtocolVersion } from '../model/node-info.ts';

/** The most bytes that an encoded node info may have. */
export const NODE_INFO_BYTES_MAX = 10_240;

/**
 * Encodes a node info as protobuf (docs/wire.md, "Node info"). Fields 1 to 8 have CometBFT's
 * numbers.
 * @throws {RxmeshError} `RXMESH_NODE_INFO_INVALID` if it takes more than 10,240 bytes
 */
export function encodeNodeInfo(info: NodeInfo): Uint8Array {
  // Not `Writer.create()`: in Node that returns a writer that produces Buffers.
  const writer = new Writer();
  writer.uint32(tag(1, DELIMITED)).fork();
  writer.uint32(tag(1, VARINT)).uint64(info.protocolVersion.p2p);
  writer.uint32(tag(2, VARINT)).uint64(info.protocolVersion.block);
  writer.uint32(tag(3, VARINT)).uint64(info.protocolVersion.app).ldelim();
  writer.uint32(tag(2, DELIMITED)).string(info.nodeId);
  writer.uint32(tag(3, DELIMITED)).string(info.listenAddress);
  writer.uint32(tag(4, DELIMITED)).string(info.network);
  writer.uint32(tag(5, DELIMITED)).string(info.version);
  writer.uint32(tag(6, DELIMITED)).fork();
  // As they are read: `uint32` would cut one that is too large to another, valid one.
  for (const channel of info.channels) writer.uint64(channel);
  writer.ldelim();
  writer.uint32(tag(7, DELIMITED)).string(info.moniker);
  writer.uint32(tag(8, DELIMITED)).fork();
  writer.uint32(tag(1, DELIMITED)).string(info.other.txIndex);
  writer.uint32(tag(2, DELIMITED)).string(info.other.rpcAddress).ldelim();
  for (const feature of info.features) writer.uint32(tag(9, DELIMITED)).string(feature);
  for (const address of info.addresses) writer.uint32(tag(10, DELIMITED)).string(address);
  const bytes = writer.finish();
  if (bytes.length > NODE_INFO_BYTES_MAX) {
    throw new RxmeshError(
      'RXMESH_NODE_INFO_INVALID',
      `the node info takes ${bytes.length} bytes, more than ${NODE_INFO_BYTES_MAX}`,
    );
  }
  return bytes;
}

/**
 * Decodes a node info. Missing fields are zero or empty, unknown ones are skipped, and if a field
 * is repeated the last one counts (for `channels`, `features` and `addresses`: all). Varints must
 * have their shortest form, and known fields their own wire type. The values are not validated.
 *
 * @param peer node ID of the sender, for errors
 * @param channelsAs how the channels are encoded: CometBFT has one byte for each
 * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED` if it is too long or malformed
 */
export function decodeNodeInfo(
  bytes: Uint8Array,
  peer: NodeId,
  channelsAs: 'varints' | 'bytes' = 'varints',
): NodeInfo {
  if (bytes.length > NODE_INFO_BYTES_MAX) {
    throw new RxmeshError(
      'RXMESH_HANDSHAKE_FAILED',
      `the peer's node info has ${bytes.length} bytes, more than ${NODE_INFO_BYTES_MAX}`,
      { peer },
    );
  }
  try {
    return readNodeInfo(new Reader(bytes), channelsAs);
  } catch (cause) {
    const message = "the peer's node info is malformed";
    throw new RxmeshError('RXMESH_HANDSHAKE_FAILED', message, { cause, peer });
  }
}

function readNodeInfo(reader: Reader, channelsAs: 'varints' | 'bytes'): NodeInfo {
  let protocolVersion: ProtocolVersion = { p2p: 0, block: 0, app: 0 };
  let other = { txIndex: '', rpcAddress: '' };
  const texts = { nodeId: '', listenAddress: '', network: '', version: '', moniker: '' };
  const channels: number[] = [];
  const features: string[] = [];
  const addresses: string[] = [];
  while (reader.pos < reader.len) {
    const read = readTag(reader);
    if (read === tag(1, DELIMITED)) protocolVersion = readProtocolVersion(nested(reader));
    else if (read === tag(2, DELIMITED)) texts.nodeId = readText(reader);
    else if (read === tag(3, DELIMITED)) texts.listenAddress = readText(reader);
    else if (read === tag(4, DELIMITED)) texts.network = readText(reader);
    else if (read === tag(5, DELIMITED)) texts.version = readText(reader);
    else if (read === tag(6, DELIMITED) && channelsAs === 'bytes')
      channels.push(...nested(reader).buf);
    else if (read === tag(6, DELIMITED)) readCounts(nested(reader), channels);
    else if (read === tag(6, VARINT) && channelsAs === 'varints') channels.push(readCount(reader));
    else if (read === tag(7, DELIMITED)) texts.moniker = readText(reader);
    else if (read === tag(8, DELIMITED)) other = readOther(nested(reader));
    else if (read === tag(9, DELIMITED)) features.push(readText(reader));
    else if (read === tag(10, DELIMITED)) addresses.push(readText(reader));
    else skipUnknown(reader, read, 10);
  }
  const nodeId = uncheckedNodeId(texts.nodeId);
  return { protocolVersion, ...texts, nodeId, channels, other, features, addresses };
}

function readProtocolVersion(reader: Reader): ProtocolVersion {
  const version = { p2p: 0, block: 0, app: 0 };
  while (reader.pos < reader.len) {
    const read = readTag(reader);
    if (read === tag(1, VARINT)) version.p2p = readCount(reader);
    else if (read === tag(2, VARINT)) version.block = readCount(reader);
    else if (read === tag(3, VARINT)) version.app = readCount(reader);
    else skipUnknown(reader, read, 3);
  }
  return version;
}

function readOther(reader: Reader): { txIndex: string; rpcAddress: string } {
  const other = { txIndex: '', rpcAddress: '' };
  while (reader.pos < reader.len) {
    const read = readTag(reader);
    if (read === tag(1, DELIMITED)) other.txIndex = readText(reader);
    else if (read === tag(2, DELIMITED)) other.rpcAddress = readText(reader);
    else skipUnknown(reader, read, 2);
  }
  return other;
}

function readCounts(packed: Reader, counts: number[]): void {
  while (packed.pos < packed.len) counts.push(readCount(packed));
}
