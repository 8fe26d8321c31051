/**
 * A second, minimal implementation of rxmesh's wire, written from docs/wire.md alone and without
 * anything from `lib`. Numbers in brackets are the steps of its section "Secrets".
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { keccakP } from '@noble/hashes/sha3.js';
import { type RawData, WebSocket } from 'ws';

type Role = 'dialer' | 'listener';

const text = (ascii: string): Buffer => Buffer.from(ascii, 'latin1');
const spki = { ed25519: '302a300506032b6570032100', x25519: '302a300506032b656e032100' } as const;
const publicKey = (kind: keyof typeof spki, raw: Uint8Array): KeyObject =>
  createPublicKey({
    key: Buffer.concat([Buffer.from(spki[kind], 'hex'), raw]),
    format: 'der',
    type: 'spki',
  });
const rawOf = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
const hkdf = (secret: Uint8Array, info: Uint8Array, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, new Uint8Array(0), info, length));
const idOf = (key: Uint8Array): string =>
  createHash('sha256').update(key).digest('hex').slice(0, 40);

/** Merlin v1.0 over STROBE-128 v1.0.2, for little-endian machines. */
class Merlin {
  readonly #state = new Uint8Array(200);
  #at = 0;
  #begin = 0;

  constructor(protocol: string) {
    this.#state.set([1, 168, 1, 0, 1, 96, ...text('STROBEv1.0.2')]);
    keccakP(new Uint32Array(this.#state.buffer));
    this.#operation(0x12, text('Merlin v1.0'));
    this.append('dom-sep', text(protocol));
  }

  append(label: string, message: Uint8Array): void {
    this.#meta(label, message.length);
    this.#operation(0x02, message);
  }

  draw(label: string, length = 32): Buffer {
    this.#meta(label, length);
    this.#operation(0x07, []);
    return Buffer.from(
      Array.from({ length }, () => {
        const byte = this.#state[this.#at] ?? 0;
        this.#state[this.#at] = 0;
        this.#advance();
        return byte;
      }),
    );
  }

  #meta(label: string, length: number): void {
    this.#operation(0x12, [...text(label), ...new Uint8Array(Uint32Array.of(length).buffer)]);
  }

  #operation(flags: number, data: Iterable<number>): void {
    const before = this.#begin;
    this.#begin = this.#at + 1;
    for (const byte of [before, flags]) this.#absorb(byte);
    if ((flags & 0x04) !== 0 && this.#at !== 0) this.#permute();
    for (const byte of data) this.#absorb(byte);
  }

  #absorb(byte: number): void {
    this.#mix(this.#at, byte);
    this.#advance();
  }

  #advance(): void {
    this.#at += 1;
    if (this.#at === 166) this.#permute();
  }

  #permute(): void {
    this.#mix(this.#at, this.#begin);
    this.#mix(this.#at + 1, 0x04);
    this.#mix(167, 0x80);
    keccakP(new Uint32Array(this.#state.buffer));
    this.#at = 0;
    this.#begin = 0;
  }

  #mix(at: number, byte: number): void {
    this.#state[at] = (this.#state[at] ?? 0) ^ byte;
  }
}

/** The records of one direction. */
class Records {
  #key: Uint8Array;
  #number = 0;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(plaintext: Uint8Array): Buffer {
    const cipher = createCipheriv('chacha20-poly1305', ...this.#next());
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  open(record: Uint8Array): Buffer {
    const decipher = createDecipheriv('chacha20-poly1305', ...this.#next());
    decipher.setAuthTag(record.subarray(-16));
    return Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  }

  #next(): [Uint8Array, Buffer, { authTagLength: 16 }] {
    if (this.#number > 0 && this.#number % 1024 === 0)
      this.#key = hkdf(this.#key, text('rxmesh next key v2'), 32);
    const nonce = Buffer.alloc(12);
    nonce.writeBigUInt64LE(BigInt(this.#number++), 4);
    return [this.#key, nonce, { authTagLength: 16 }];
  }
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

/** A side of a connection. What arrives is kept as text, such as `data 7 6869 last`. */
export class SecondNode {
  readonly heard: string[] = [];
  /** Resolves with the other side's node ID once that is proved. */
  readonly proven: Promise<string>;
  readonly #ws: WebSocket;
  readonly #role: Role;
  readonly #identity: KeyObject;
  readonly #network: string;
  readonly #merlin = new Merlin('rxmesh handshake v2');
  #sending: Records | undefined;
  #receiving: Records | undefined;

  /** Dials a node with a known ID. */
  static dial(url: string, expected: string, seed: number, network: string): SecondNode {
    const ephemeral = generateKeyPairSync('x25519').privateKey;
    const hello = helloOf(ephemeral);
    const offered = ['rxmesh.2', hello.toString('base64url')];
    const ws = new WebSocket(url, offered, { perMessageDeflate: false });
    const node: SecondNode = new SecondNode(ws, 'dialer', seed, network, (answer) => {
      node.#exchange(ephemeral, hello, answer.subarray(0, 37));
      const id = node.#introduced('listener', answer.subarray(37));
      if (id !== expected) throw new Error(`dialed ${expected}, but ${id} answered`);
      ws.send(node.#introduction());
      return id;
    });
    return node;
  }

  /** Answers a dialer whose upgrade had these subprotocols. */
  static accept(ws: WebSocket, offered: string, seed: number, network: string): SecondNode {
    const ephemeral = generateKeyPairSync('x25519').privateKey;
    const node: SecondNode = new SecondNode(ws, 'listener', seed, network, (introduction) =>
      node.#introduced('dialer', introduction),
    );
    const dialerHello = Buffer.from(offered.split(/, */)[1] ?? '', 'base64url');
    node.#exchange(ephemeral, dialerHello, helloOf(ephemeral));
    ws.send(Buffer.concat([helloOf(ephemeral), node.#introduction()]));
    return node;
  }

  private constructor(
    ws: WebSocket,
    role: Role,
    seed: number,
    network: string,
    prove: (frame: Buffer) => string,
  ) {
    this.#ws = ws;
    this.#role = role;
    this.#network = network;
    this.#identity = createPrivateKey({
      key: Buffer.concat([
        Buffer.from('302e020100300506032b657004220420', 'hex'),
        Buffer.alloc(32, seed),
      ]),
      format: 'der',
      type: 'pkcs8',
    });
    this.proven = new Promise((resolve, reject) => {
      ws.on('error', reject);
      ws.once('message', (frame: RawData) => {
        try {
          resolve(prove(frame as Buffer));
          ws.on('message', (record: RawData) => this.#hear(record as Buffer));
        } catch (thrown) {
          ws.terminate();
          reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
        }
      });
    });
  }

  get id(): string {
    return idOf(rawOf(this.#identity));
  }

  /** Sends a record of packets, each a type and its content. */
  send(...packets: readonly (readonly number[])[]): void {
    this.#ws.send(this.#sending?.seal(Uint8Array.from(packets.flat())) ?? '');
  }

  credit(channel: number, messages: number, bytes: number): number[] {
    return [2, ...varint(channel), ...varint(messages), ...varint(bytes)];
  }

  data(channel: number, bytes: Uint8Array): number[] {
    return [1, ...varint(channel), ...varint(bytes.length), ...bytes];
  }

  /** Says bye and closes. */
  close(): void {
    this.send([7, 0, 0]);
    this.#ws.close(1000);
  }

  #exchange(ephemeral: KeyObject, dialerHello: Buffer, listenerHello: Buffer): void {
    const theirs = this.#role === 'dialer' ? listenerHello : dialerHello;
    if (theirs.length !== 37 || theirs.subarray(0, 5).toString('hex') !== '72786d0201')
      throw new Error('not a hello');
    const secret = diffieHellman({
      privateKey: ephemeral,
      publicKey: publicKey('x25519', theirs.subarray(5)),
    });
    this.#merlin.append('dialer hello', dialerHello); // [1]
    this.#merlin.append('listener hello', listenerHello); // [2]
    this.#merlin.append('dh secret', secret); // [3]
    const info = Buffer.concat([text('rxmesh record keys v2'), this.#merlin.draw('key binding')]); // [4]
    const keys = hkdf(secret, info, 64);
    const [first, second] = [new Records(keys.subarray(0, 32)), new Records(keys.subarray(32))];
    [this.#sending, this.#receiving] = this.#role === 'dialer' ? [first, second] : [second, first];
  }

  /** What `role` signs: [5] to [7], or [9] to [11]. */
  #signedBy(role: Role, key: Buffer, nodeInfo: Buffer): Buffer {
    this.#merlin.append(`${role} key`, key);
    this.#merlin.append(`${role} node info`, nodeInfo);
    return Buffer.concat([text(`rxmesh ${role} v2`), this.#merlin.draw(`${role} challenge`)]);
  }

  #introduction(): Buffer {
    const key = rawOf(this.#identity);
    const nodeInfo = Buffer.from([
      ...[0x12, 40, ...text(this.id)],
      ...[0x22, ...varint(this.#network.length), ...text(this.#network)],
      ...[0x3a, 6, ...text('second')],
    ]);
    const signature = sign(null, this.#signedBy(this.#role, key, nodeInfo), this.#identity);
    if (this.#role === 'listener') this.#merlin.append('listener signature', signature); // [8]
    return this.#sending?.seal(Buffer.concat([key, signature, nodeInfo])) ?? Buffer.alloc(0);
  }

  /** The node ID of the other side, once proved. */
  #introduced(role: Role, frame: Buffer): string {
    const introduction = this.#receiving?.open(frame) ?? Buffer.alloc(0);
    const [key, signature] = [introduction.subarray(0, 32), introduction.subarray(32, 96)];
    const signed = this.#signedBy(role, key, introduction.subarray(96));
    if (!verify(null, signed, publicKey('ed25519', key), signature)) throw new Error('not proved');
    if (role === 'listener') this.#merlin.append('listener signature', signature); // [8]
    return idOf(key);
  }

  #hear(record: Buffer): void {
    const bytes = this.#receiving?.open(record) ?? Buffer.alloc(0);
    let at = 0;
    const next = (): number => {
      for (let [value, unit] = [0, 1]; ; unit *= 128) {
        const byte = bytes[at++] ?? NaN;
        value += (byte % 128) * unit;
        if (!(byte >= 128)) return value;
      }
    };
    const take = (length: number, as: 'hex' | 'utf8'): string =>
      bytes.subarray(at, (at += length)).toString(as);
    while (at < bytes.length) {
      const type = next();
      if (type < 2) this.heard.push(`data ${next()} ${take(next(), 'hex')}${type ? ' last' : ''}`);
      else if (type === 2) this.heard.push(`credit ${next()} ${next()} ${next()}`);
      else if (type === 3) this.heard.push(`closed ${next()}`);
      else if (type === 4) this.heard.push('accept');
      else if (type === 5) this.send([6]);
      else if (type === 6) this.heard.push('pong');
      else this.heard.push(`bye ${next()} ${take(next(), 'utf8')}`.trim());
    }
  }
}

function helloOf(ephemeral: KeyObject): Buffer {
  return Buffer.concat([Buffer.from('72786d0201', 'hex'), rawOf(ephemeral)]);
}
