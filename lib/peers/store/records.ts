import { Reader, Writer } from 'protobufjs/minimal.js';
import {
  DELIMITED,
  FIXED_64,
  nested,
  readCount,
  readTag,
  readText,
  skipUnknown,
  tag,
  VARINT,
} from '../../codec/fields.ts';
import { formatNodeAddress, parseNodeAddress } from '../../model/address.ts';
import type { NodeId } from '../../model/id.ts';
import { addressOrigins, type AddressOrigin } from '../address-book.ts';
import { withinBounds } from '../scores.ts';
import type { SavedAddress, SavedAmount, SavedPeer } from './saved-peer.ts';

/*
 * The values of the records are these messages. A number that is 0 may be left out.
 *
 *     message Peer {
 *       uint64 saved_at_ms = 1;          required, as a sign that the record is whole
 *       repeated Address addresses = 2;
 *       Amount behaviour = 3;
 *       Dial last_dial = 4;
 *       optional uint64 up_ago_ms = 5;
 *       string told_by = 6;
 *       uint64 was_reached = 7;
 *     }
 *     message Address {
 *       string address = 1;
 *       uint64 failures = 2;
 *       uint64 failing_for_ms = 3;
 *       Amount blame = 4;
 *       uint64 origin = 5;               0: heard, 1: announced, 2: named
 *     }
 *     message Amount { double value = 1; uint64 ago_ms = 2; }
 *     message Dial { uint64 ago_ms = 1; uint64 is_good = 2; }
 *     message Ban { uint64 saved_at_ms = 1; uint64 for_ms = 2; }
 */

/** A record's content, and the date at which it was saved. */
export interface Dated<T> {
  /** In milliseconds since 1970. */
  readonly savedAtMs: number;
  readonly saved: T;
}

/** Encodes a peer as the value of its record. */
export function encodePeer({ savedAtMs, saved }: Dated<SavedPeer>): Uint8Array {
  // Not `Writer.create()`: in Node that returns a writer that produces Buffers.
  const writer = new Writer();
  count(writer, 1, savedAtMs);
  for (const { address, origin, failures, failingForMs, blame } of saved.addresses) {
    writer.uint32(tag(2, DELIMITED)).fork();
    writer.uint32(tag(1, DELIMITED)).string(formatNodeAddress(address));
    if (failures > 0) count(count(writer, 2, failures), 3, failingForMs);
    writeAmount(writer, 4, blame);
    if (origin !== 'heard') count(writer, 5, addressOrigins.indexOf(origin));
    writer.ldelim();
  }
  writeAmount(writer, 3, saved.behaviour);
  const { lastDial, upAgoMs, toldBy, wasReached } = saved;
  if (lastDial !== undefined) {
    writer.uint32(tag(4, DELIMITED)).fork();
    count(count(writer, 1, lastDial.agoMs), 2, Number(lastDial.isGood)).ldelim();
  }
  if (upAgoMs !== undefined) count(writer, 5, upAgoMs);
  if (toldBy !== undefined) writer.uint32(tag(6, DELIMITED)).string(toldBy);
  if (wasReached) count(writer, 7, 1);
  return writer.finish();
}

/**
 * Decodes the value of a peer's record.
 * @throws if it is damaged
 */
export function decodePeer(id: NodeId, bytes: Uint8Array): Dated<SavedPeer> {
  const reader = new Reader(bytes);
  const addresses: SavedAddress[] = [];
  let savedAtMs: number | undefined;
  let behaviour = nothing;
  let lastDial: SavedPeer['lastDial'];
  let upAgoMs: number | undefined;
  let toldBy: string | undefined;
  let wasReached = false;
  while (reader.pos < reader.len) {
    const read = readTag(reader);
    if (read === tag(1, VARINT)) savedAtMs = readCount(reader);
    else if (read === tag(2, DELIMITED)) addresses.push(readAddress(id, nested(reader)));
    else if (read === tag(3, DELIMITED)) behaviour = readAmount(nested(reader));
    else if (read === tag(4, DELIMITED)) lastDial = readDial(nested(reader));
    else if (read === tag(5, VARINT)) upAgoMs = readCount(reader);
    else if (read === tag(6, DELIMITED)) toldBy = readText(reader);
    else if (read === tag(7, VARINT)) wasReached = readCount(reader) > 0;
    else skipUnknown(reader, read, 7);
  }
  return {
    savedAtMs: required(savedAtMs),
    saved: { id, addresses, behaviour, lastDial, upAgoMs, toldBy, wasReached },
  };
}

/** Encodes the remaining time of a ban as the value of its record. */
export function encodeBan({ savedAtMs, saved: forMs }: Dated<number>): Uint8Array {
  return count(count(new Writer(), 1, savedAtMs), 2, forMs).finish();
}

/**
 * Decodes the value of a ban's record.
 * @throws if it is damaged
 */
export function decodeBan(bytes: Uint8Array): Dated<number> {
  const reader = new Reader(bytes);
  let savedAtMs: number | undefined;
  let forMs: number | undefined;
  while (reader.pos < reader.len) {
    const read = readTag(reader);
    if (read === tag(1, VARINT)) savedAtMs = readCount(reader);
    else if (read === tag(2, VARINT)) forMs = readCount(reader);
    else skipUnknown(reader, read, 2);
  }
  return { savedAtMs: required(savedAtMs), saved: required(forMs) };
}

const nothing: SavedAmount = { value: 0, agoMs: 0 };

/** Writes a whole number. Clocks and dates have fractions, and a date may be before 1970. */
function count(writer: Writer, field: number, value: number): Writer {
  const whole = Math.min(Math.max(Math.round(value), 0), Number.MAX_SAFE_INTEGER);
  return writer.uint32(tag(field, VARINT)).uint64(whole);
}

function writeAmount(writer: Writer, field: number, { value, agoMs }: SavedAmount): void {
  if (value === 0) return;
  writer.uint32(tag(field, DELIMITED)).fork();
  writer.uint32(tag(1, FIXED_64)).double(value);
  count(writer, 2, agoMs).ldelim();
}

function readAddress(id: NodeId, reader: Reader): SavedAddress {
  let text = '';
  let failures = 0;
  let failingForMs = 0;
  let blame = nothing;
  let origin: AddressOrigin = 'heard';
  while (reader.pos < reader.len) {
    const read = readTag(reader);
    if (read === tag(1, DELIMITED)) text = readText(reader);
    else if (read === tag(2, VARINT)) failures = readCount(reader);
    else if (read === tag(3, VARINT)) failingForMs = readCount(reader);
    else if (read === tag(4, DELIMITED)) blame = readAmount(nested(reader));
    else if (read === tag(5, VARINT)) origin = readOrigin(reader);
    else skipUnknown(reader, read, 5);
  }
  const address = parseNodeAddress(text);
  if (address.id !== id) throw new RangeError(`an address of ${address.id}`);
  return { address, origin, failures, failingForMs, blame };
}

/** A number of a later version counts as the strongest that this one knows. */
function readOrigin(reader: Reader): AddressOrigin {
  return addressOrigins[readCount(reader)] ?? 'named';
}

function readAmount(reader: Reader): SavedAmount {
  let { value, agoMs } = nothing;
  while (reader.pos < reader.len) {
    const read = readTag(reader);
    if (read === tag(1, FIXED_64)) value = reader.double();
    else if (read === tag(2, VARINT)) agoMs = readCount(reader);
    else skipUnknown(reader, read, 2);
  }
  if (!Number.isFinite(value)) throw new RangeError(`a score of ${value}`);
  return { value: withinBounds(value), agoMs };
}

function readDial(reader: Reader): { agoMs: number; isGood: boolean } {
  let agoMs = 0;
  let isGood = false;
  while (reader.pos < reader.len) {
    const read = readTag(reader);
    if (read === tag(1, VARINT)) agoMs = readCount(reader);
    else if (read === tag(2, VARINT)) isGood = readCount(reader) !== 0;
    else skipUnknown(reader, read, 2);
  }
  return { agoMs, isGood };
}

function required(value: number | undefined): number {
  if (value === undefined) throw new RangeError('a field is missing');
  return value;
}
