import type { Reader, Writer } from 'protobufjs/minimal.js';

/** Short texts that travel with something, by name: the context of a trace, a tenant, a locale. */
export type Headers = Readonly<Record<string, string>>;

/** How many headers there may be. */
const headersMax = 32;
/** Length of all their names and texts, in UTF-16 code units. */
const headersLengthMax = 8_192;

/** No headers. */
export const noHeaders: Headers = Object.freeze({});

/** Tags of the fields of an entry: `string key = 1; string value = 2`. */
const tags = { name: 0x0a, text: 0x12 } as const;

/**
 * A copy, which later changes of the original do not reach. Returns undefined if there are none.
 *
 * @throws {TypeError} if it is not an object of strings
 * @throws {RangeError} if it is too large
 */
export function copyOfHeaders(what: string, given: Headers): Headers | undefined {
  const headers: unknown = given;
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw new TypeError(`${what}: headers must be an object of strings, got ${kindOf(headers)}`);
  }
  const entries = Object.entries(headers);
  if (entries.length === 0) return undefined;
  for (const [name, text] of entries) {
    if (typeof text === 'string') continue;
    throw new TypeError(`${what}: header ${name} must be a string, got ${kindOf(text)}`);
  }
  const copy = entries as [string, string][];
  checkSize(what, copy);
  return Object.fromEntries(copy);
}

/** Writes headers as `map<string, string>`. `tag` is the map's number and wire type, as encoded. */
export function writeHeaders(writer: Writer, tag: number, headers: Headers): void {
  for (const [name, text] of Object.entries(headers)) {
    writer.uint32(tag).fork();
    writer.uint32(tags.name).string(name).uint32(tags.text).string(text).ldelim();
  }
}

/**
 * Reads one entry of the map, and returns the headers with it.
 *
 * @throws {RangeError} if they are too large, or one comes twice, which bounds the work
 */
export function readHeader(reader: Reader, headers: Headers | undefined): Headers {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError('a header is cut');
  let [name, text] = ['', ''];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === tags.name) name = reader.string();
    else if (tag === tags.text) text = reader.string();
    else reader.skipType(tag & 7);
  }
  if (reader.pos !== end) throw new RangeError('a header is cut');
  if (headers !== undefined && Object.hasOwn(headers, name)) {
    throw new RangeError(`header ${name} comes twice`);
  }
  // Not an assignment, which would take a header named `__proto__` for something else.
  const entries: [string, string][] = [...Object.entries(headers ?? noHeaders), [name, text]];
  checkSize('a frame', entries);
  return Object.fromEntries(entries);
}

function checkSize(what: string, entries: readonly (readonly [string, string])[]): void {
  if (entries.length > headersMax) {
    throw new RangeError(`${what}: more than ${headersMax} headers`);
  }
  let length = 0;
  for (const [name, text] of entries) length += name.length + text.length;
  if (length > headersLengthMax) {
    throw new RangeError(`${what}: headers are longer than ${headersLengthMax} characters`);
  }
}

function kindOf(given: unknown): string {
  if (given === null) return 'null';
  return Array.isArray(given) ? 'an array' : typeof given;
}
