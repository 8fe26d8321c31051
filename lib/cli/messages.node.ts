import { Buffer } from 'node:buffer';
import { createInterface } from 'node:readline';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Codec, json, protobuf, raw, RxmeshError } from '../index.ts';
import { quote } from '../model/quote.ts';
import { checkMessage } from './check-message.node.ts';
import type { OptionSpecs, Values } from './command.node.ts';
import type { Terminal } from './terminal.node.ts';
import { Stopped, UsageError } from './usage-error.ts';

/** How messages stand in pipes and arguments, and travel on a channel. */
export interface Format {
  /** For `openChannel`. */
  readonly codec: Codec<unknown>;
  /** The message in a line or an argument. */
  fromText(text: string): unknown;
  /** What is printed for a message. */
  toOutput(message: unknown): string | Uint8Array;
  /** The messages in an input. */
  readonly read: (input: Readable) => AsyncIterable<unknown>;
}

/** The options that choose a format. */
export const formatOptions: OptionSpecs = {
  json: { text: 'messages are JSON values, one per line' },
  bytes: { text: 'messages are bytes; pub sends all of its input as one' },
  proto: { value: 'file', text: 'messages are protobuf, described by this .proto file' },
  type: { value: 'name', text: 'with --proto: the message type. In pipes, JSON, one per line' },
};

/** A message is a line of text, as UTF-8 without its end. */
export const textFormat: Format = {
  codec: raw(),
  fromText: (text) => Buffer.from(text),
  toOutput: (message) => `${Buffer.from(message as Uint8Array).toString()}\n`,
  read: (input) => eachLine(input, textFormat),
};

/** A message is bytes: all of an input. */
export const bytesFormat: Format = {
  ...textFormat,
  toOutput: (message) => message as Uint8Array,
  async *read(input) {
    yield await readAll(input);
  },
};

/** A message is a JSON value. */
export const jsonFormat: Format = {
  codec: json(),
  fromText: parsedJson,
  toOutput: (message) => `${JSON.stringify(message)}\n`,
  read: (input) => eachLine(input, jsonFormat),
};

/**
 * The format that the options choose.
 * @throws {UsageError} for options that exclude each other, a missing file or an unknown type
 */
export async function formatOf(values: Values): Promise<Format> {
  const given = ['json', 'bytes', 'proto'].filter((name) => values.has(name));
  if (given.length > 1) {
    throw new UsageError(`${given.map((name) => `--${name}`).join(' and ')} exclude each other`);
  }
  const file = values.text('proto');
  const type = values.text('type');
  if ((file === undefined) !== (type === undefined)) {
    throw new UsageError('--proto and --type must be given together');
  }
  if (file !== undefined && type !== undefined) {
    return protobufFormat((await protoFile(file)).message(type));
  }
  if (values.has('json')) return jsonFormat;
  return values.has('bytes') ? bytesFormat : textFormat;
}

/**
 * The one message that the input of a command holds.
 * @throws {Stopped} if the command is stopped first
 */
export async function only(format: Format, { input, signal }: Terminal): Promise<unknown> {
  const stop = (): void => void input.destroy(new Stopped());
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const all = await readAll(input).finally(() => signal.removeEventListener('abort', stop));
  return format === bytesFormat ? all : format.fromText(all.toString().replace(/\r?\n$/, ''));
}

async function readAll(input: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

async function* eachLine(input: Readable, format: Format): AsyncGenerator {
  const interfaceOfLines = createInterface({ input, crlfDelay: Infinity });
  for await (const line of interfaceOfLines) yield format.fromText(line);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RxmeshError('RXMESH_ENCODE_FAILED', `not a JSON value: ${quote(text)}`);
  }
}

type Protobuf = typeof import('../protobufjs.ts');
/** A message type of a `.proto` file. */
export type ProtoType = InstanceType<Protobuf['Type']>;

/**
 * JSON with names of enum values, 64-bit numbers and bytes as text, as in protobuf's own mapping.
 */
const asJson = { enums: String, longs: String, bytes: String } as const;

/** Messages of one type, which stand as JSON in pipes and arguments. */
export function protobufFormat(type: ProtoType): Format {
  const codec = protobuf<object>(type);
  const format: Format = {
    codec: {
      encode: (message) => codec.encode(message as object),
      decode: (encoded) => type.toObject(codec.decode(encoded) as never, asJson),
    },
    fromText(text) {
      const value = parsedJson(text);
      checkMessage(type, value);
      return type.fromObject(value as object);
    },
    toOutput: (message) => `${JSON.stringify(message)}\n`,
    read: (input) => eachLine(input, format),
  };
  return format;
}

/** A `.proto` file, with what it imports. */
export interface ProtoFile {
  /** @throws {UsageError} if there is no such message type */
  message(name: string): ProtoType;
  /**
   * The types of a method of one of its services; undefined if none has it.
   * @param name `Add`, or with its service, `Adder.Add`
   */
  method(name: string): { readonly request: ProtoType; readonly response: ProtoType } | undefined;
}

/**
 * Reads a `.proto` file.
 * @throws {UsageError} if it does not exist or cannot be parsed
 */
export async function protoFile(file: string): Promise<ProtoFile> {
  if (!existsSync(file)) throw new UsageError(`--proto: ${file} does not exist`);
  // Loaded here, because it is large and few commands need it.
  const whole = await import('../protobufjs.ts');
  const root = new whole.Root();
  try {
    root.loadSync(file, { keepCase: true });
    root.resolveAll();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--proto: ${file} cannot be read: ${detail}`);
  }
  return new LoadedProto(file, root, whole);
}

class LoadedProto implements ProtoFile {
  readonly #file: string;
  readonly #root: InstanceType<Protobuf['Root']>;
  readonly #whole: Protobuf;

  constructor(file: string, root: InstanceType<Protobuf['Root']>, whole: Protobuf) {
    this.#file = file;
    this.#root = root;
    this.#whole = whole;
  }

  message(name: string): ProtoType {
    try {
      return this.#root.lookupType(name);
    } catch {
      throw new UsageError(`--type: ${this.#file} has no message type ${quote(name)}`);
    }
  }

  method(name: string): { readonly request: ProtoType; readonly response: ProtoType } | undefined {
    for (const service of servicesIn(this.#whole, this.#root)) {
      for (const method of service.methodsArray) {
        if (name !== method.name && name !== `${service.name}.${method.name}`) continue;
        method.resolve();
        const { resolvedRequestType: request, resolvedResponseType: response } = method;
        if (request !== null && response !== null) return { request, response };
      }
    }
    return undefined;
  }
}

function* servicesIn(
  whole: Protobuf,
  { nestedArray }: Pick<InstanceType<Protobuf['Namespace']>, 'nestedArray'>,
): Generator<InstanceType<Protobuf['Service']>> {
  for (const nested of nestedArray) {
    if (nested instanceof whole.Service) yield nested;
    else if (nested instanceof whole.Namespace) yield* servicesIn(whole, nested);
  }
}
