/**
 * A second, minimal implementation of rxmesh's wire, written from docs/wire.md alone and without
 * anything from `lib`. Numbers in brackets are the steps of its section "Secrets".
 */
import * as crypto from 'node:crypto';
import { on } from 'node:events';
import { WebSocket } from 'ws';
import { Merlin } from './merlin.ts';

type Role = 'dialer' | 'listener';
type KeyPair = crypto.KeyPairKeyObjectResult;

const text = (ascii: string): Buffer => Buffer.from(ascii, 'latin1');
const hkdf = (secret: Uint8Array, length: number, ...info: Uint8Array[]): Buffer =>
  Buffer.from(crypto.hkdfSync('sha256', secret, '', Buffer.concat(info), length));
const keyFrom = (crv: 'Ed25519' | 'X25519', raw: Buffer): crypto.KeyObject => {
  const key = { kty: 'OKP', crv, x: raw.toString('base64url') };
  return crypto.createPublicKey({ key, format: 'jwk' });
};
const rawOf = (key: crypto.KeyObject): Buffer =>
  Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
const magic = Buffer.from('72786d0201', 'hex');
const helloOf = ({ publicKey }: KeyPair): Buffer => Buffer.concat([magic, rawOf(publicKey)]);
/** The node ID of an ed25519 public key. */
export const idOf = (key: crypto.KeyObject): string =>
  crypto.createHash('sha256').update(rawOf(key)).digest('hex').slice(0, 40);

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
/** Numbers as varints, and bytes as they are. */
const encode = (parts: readonly (number | Uint8Array)[]): Buffer =>
  Buffer.from(parts.flatMap((part) => (typeof part === 'number' ? varint(part) : [...part])));

/** Node's types have the same options for both ciphers, under different names. */
type Algorithm = 'aes-256-gcm';

/** Seals or opens the records of one direction. */
function recordsWith(first: Uint8Array) {
  let key = first;
  let number = 0;
  let usesAes = false;
  const next = (length: number): [Algorithm, Uint8Array, Buffer, { authTagLength: 16 }] => {
    if (number > 0 && number % 1024 === 0) key = hkdf(key, 32, text('rxmesh next key v2'));
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32LE(number++, 4);
    const options = { authTagLength: 16 } as const;
    if (!usesAes || length < 1024) return ['chacha20-poly1305' as Algorithm, key, nonce, options];
    return ['aes-256-gcm', hkdf(key, 32, text('rxmesh aes key v2')), nonce, options];
  };
  return {
    useAes(): void {
      usesAes = true;
    },
    seal(plaintext: Uint8Array): Buffer {
      const cipher = crypto.createCipheriv(...next(plaintext.length));
      return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    open(record: Uint8Array): Buffer {
      const decipher = crypto.createDecipheriv(...next(record.length - 16));
      decipher.setAuthTag(record.subarray(-16));
      return Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
    },
  };
}

/** The handshake of a side, once both hellos are known. */
function handshake(role: Role, { privateKey }: KeyPair, hellos: Record<Role, Buffer>) {
  const theirs = hellos[role === 'dialer' ? 'listener' : 'dialer'];
  if (theirs.length !== 37 || !theirs.subarray(0, 5).equals(magic)) throw new Error('not a hello');
  const publicKey = keyFrom('X25519', theirs.subarray(5));
  const secret = crypto.diffieHellman({ privateKey, publicKey });
  const merlin = new Merlin('rxmesh handshake v2');
  merlin.append('dialer hello', hellos.dialer); // [1]
  merlin.append('listener hello', hellos.listener); // [2]
  merlin.append('dh secret', secret); // [3]
  const keys = hkdf(secret, 64, text('rxmesh record keys v2'), merlin.draw('key binding')); // [4]
  const [first, second] = [recordsWith(keys.subarray(0, 32)), recordsWith(keys.subarray(32))];
  const [sending, receiving] = role === 'dialer' ? [first, second] : [second, first];

  /** What a side signs: [5] to [7], or [9] to [11]. */
  const signedBy = (side: Role, key: Buffer, nodeInfo: Buffer): Buffer => {
    merlin.append(`${side} key`, key);
    merlin.append(`${side} node info`, nodeInfo);
    return Buffer.concat([text(`rxmesh ${side} v2`), merlin.draw(`${side} challenge`)]);
  };
  /** Who we are, sealed. */
  const introduction = ({ identity, network, features = [] }: Self): Buffer => {
    const [key, id] = [rawOf(identity.publicKey), idOf(identity.publicKey)];
    const field = (tag: number, value: string) => encode([tag, value.length, text(value)]);
    const named = features.map((name) => field(0x4a, name));
    const about = [field(0x12, id), field(0x22, network), field(0x3a, 'second')];
    const nodeInfo = Buffer.concat([...about, ...named]);
    const signature = crypto.sign(null, signedBy(role, key, nodeInfo), identity.privateKey);
    if (role === 'listener') merlin.append('listener signature', signature); // [8]
    return sending.seal(Buffer.concat([key, signature, nodeInfo]));
  };
  let peerOffersAes = false;
  /** Uses AES in both directions, if both sides have named it. */
  const agree = ({ features = [] }: Self): boolean => {
    const isAgreed = peerOffersAes && features.includes('aes-256-gcm');
    if (isAgreed) for (const records of [sending, receiving]) records.useAes();
    return isAgreed;
  };
  /** The node ID of the other side, from its introduction. */
  const proven = (side: Role, frame: Buffer): string => {
    const plaintext = receiving.open(frame);
    const [key, signature] = [plaintext.subarray(0, 32), plaintext.subarray(32, 96)];
    const identity = keyFrom('Ed25519', key);
    const signed = signedBy(side, key, plaintext.subarray(96));
    if (!crypto.verify(null, signed, identity, signature)) throw new Error('not proved');
    if (side === 'listener') merlin.append('listener signature', signature); // [8]
    peerOffersAes = plaintext.subarray(96).includes('aes-256-gcm');
    return idOf(identity);
  };
  return { sending, receiving, introduction, proven, agree };
}

type Records = Pick<ReturnType<typeof handshake>, 'sending' | 'receiving'> & { usesAes: boolean };

/** Who a second node is. */
interface Self {
  readonly identity: KeyPair;
  readonly network: string;
  /** With `aes-256-gcm`, the router at the other end must offer it, too. */
  readonly features?: readonly string[];
}

/** Dials a node with a known ID. Resolves when that is proved. */
export async function dial(url: string, expected: string, self: Self): Promise<SecondNode> {
  const ephemeral = crypto.generateKeyPairSync('x25519');
  const dialer = helloOf(ephemeral);
  const ws = new WebSocket(url, ['rxmesh.2', dialer.toString('base64url')]);
  const frames = framesOf(ws);
  const answer = await nextOf(frames);
  const hellos = { dialer, listener: answer.subarray(0, 37) };
  const { introduction, proven, agree, ...records } = handshake('dialer', ephemeral, hellos);
  const peer = proven('listener', answer.subarray(37));
  if (peer !== expected) {
    ws.terminate();
    throw new Error(`dialed ${expected}, but ${peer} answered`);
  }
  ws.send(introduction(self));
  return talk(peer, ws, frames, { ...records, usesAes: agree(self) });
}

/** Answers a dialer whose upgrade had these subprotocols. Resolves when it is proved. */
export async function accept(ws: WebSocket, offered: string, self: Self): Promise<SecondNode> {
  const ephemeral = crypto.generateKeyPairSync('x25519');
  const listener = helloOf(ephemeral);
  const frames = framesOf(ws);
  const dialer = Buffer.from(offered.split(/, */)[1] ?? '', 'base64url');
  const hellos = { dialer, listener };
  const { introduction, proven, agree, ...records } = handshake('listener', ephemeral, hellos);
  ws.send(Buffer.concat([listener, introduction(self)]));
  const peer = proven('dialer', await nextOf(frames));
  return talk(peer, ws, frames, { ...records, usesAes: agree(self) });
}

async function* framesOf(ws: WebSocket): AsyncGenerator<Buffer, void> {
  for await (const [frame] of on(ws, 'message', { close: ['close'] })) yield frame as Buffer;
}

async function nextOf(frames: AsyncIterator<Buffer, void>): Promise<Buffer> {
  return (await frames.next()).value ?? Buffer.alloc(0);
}

/** The names of the packets by type, and how many numbers each has; bytes follow those of three. */
const names = ['more', 'data', 'credit', 'closed', 'accept', 'ping', 'pong', 'bye', 'limit'];
const counts = [1, 1, 3, 1, 0, 0, 1, 1, 2];

/** A side of a connection. */
export interface SecondNode {
  /** The proved node ID of the other side. */
  readonly peer: string;
  /** Whether long records are sealed with AES. */
  readonly usesAes: boolean;
  /** What has arrived, as text, such as `data 7 6869`. */
  readonly heard: string[];
  /** Sends a record of packets: numbers as varints, and bytes as they are. */
  readonly send: (...parts: readonly (number | Uint8Array)[]) => void;
  /** Says bye and closes. */
  readonly close: () => void;
}

function talk(
  peer: string,
  ws: WebSocket,
  frames: AsyncIterable<Buffer>,
  records: Records,
): SecondNode {
  const heard: string[] = [];
  const send: SecondNode['send'] = (...parts) => ws.send(records.sending.seal(encode(parts)));
  const hear = (bytes: Buffer): void => {
    let at = 0;
    const next = (unit = 1): number => {
      const byte = bytes.readUInt8(at++);
      return (byte % 128) * unit + (byte < 128 ? 0 : next(unit * 128));
    };
    while (at < bytes.length) {
      const type = next();
      const numbers = Array.from({ length: counts[type] ?? 0 }, () => next());
      const length = [0, 1, 7].includes(type) ? next() : 0;
      const content = bytes.toString('hex', at, (at += length));
      heard.push([names[type] ?? 'unknown', ...numbers, content].join(' ').trim());
      if (type === 5) send(6, Math.floor(performance.now() * 1_000));
    }
  };
  void (async () => {
    for await (const frame of frames) hear(records.receiving.open(frame));
  })();
  const close = (): void => {
    send(7, 0, 0);
    ws.close(1000);
  };
  return { peer, usesAes: records.usesAes, heard, send, close };
}
