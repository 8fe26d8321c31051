import { platformCrypto } from '#platform/crypto';
import { fromBase64, toBase64 } from './base64.ts';
import { RxmeshError } from './error.ts';
import type { NodeId } from './id.ts';

/** The type of an ed25519 private key in CometBFT's JSON (its `crypto/ed25519`). */
const KEY_TYPE = 'tendermint/PrivKeyEd25519';

/** Formats a key file as JSON, like CometBFT's `node_key.json`. */
export function formatKeyFile(key: {
  readonly id: NodeId;
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}): string {
  const value = toBase64(Uint8Array.of(...key.seed, ...key.publicKey));
  return `${JSON.stringify({ id: key.id, priv_key: { type: KEY_TYPE, value } }, undefined, 2)}\n`;
}

/**
 * Reads the 32-byte seed from the text of a key file. Errors never quote the text, which may
 * contain part of the key.
 * @param file the file's name, for errors
 * @throws {RxmeshError} `RXMESH_IDENTITY_FILE`: malformed, or the two halves of the key differ
 */
export function parseKeyFile(file: string, text: string): Uint8Array {
  if (text === '') {
    const how = 'a process may have been killed while it created the file: remove it';
    throw malformed(file, `it is empty; ${how}`);
  }
  const key = member(parseJson(file, text), 'priv_key');
  if (member(key, 'type') !== KEY_TYPE)
    throw malformed(file, `its priv_key is not of type ${KEY_TYPE}`);
  const value = member(key, 'value');
  const bytes = typeof value === 'string' ? fromBase64(value) : undefined;
  if (bytes?.length !== 64)
    throw malformed(file, 'its priv_key has no value of 64 bytes in base64');
  const seed = bytes.slice(0, 32);
  const publicKey = platformCrypto.ed25519PublicKey(seed);
  if (publicKey.some((byte, i) => byte !== bytes[32 + i])) {
    throw malformed(file, 'the public half of its priv_key does not belong to the private half');
  }
  return seed;
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote the text, and with it the key.
    throw malformed(file, 'it is not JSON');
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function malformed(file: string, what: string): RxmeshError {
  return new RxmeshError('RXMESH_IDENTITY_FILE', `identity file ${file} is malformed: ${what}`);
}
