import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import type { PlatformCrypto } from '../../lib/platform/crypto.ts';

/** What stands in a file of Wycheproof; its `result` says what a library ought to do. */
export type Vector<Names extends string> = Readonly<
  Record<Names | 'comment' | 'result', string>
> & {
  readonly tcId: number;
};

export function vectorsIn<Names extends string>(file: string): readonly Vector<Names>[] {
  const text = readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly tests: readonly Vector<Names>[] }).tests;
}

export const hex = (text: string): Uint8Array => {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new TypeError(`not hex: ${text}`);
  return bytes;
};

export const outcome = (work: () => Uint8Array): string => {
  try {
    return toHex(work());
  } catch {
    return 'throws';
  }
};

/** Makes the 518 exchanges of Wycheproof, and expects those to throw whose secret is zero. */
export function expectX25519Vectors(crypto: PlatformCrypto): void {
  const x25519 = vectorsIn<'public' | 'private' | 'shared'>('wycheproof-x25519');
  const zero = '0'.repeat(64);
  const refused = x25519.filter(({ private: own, public: peer, shared, ...about }) => {
    const secret = outcome(() => crypto.x25519(hex(own)).sharedSecret(hex(peer)));
    expect({ ...about, secret }).toEqual({
      ...about,
      secret: shared === zero ? 'throws' : shared,
    });
    return secret === 'throws';
  });
  expect([x25519.length, refused.length]).toEqual([518, 31]);
}

/** Checks the 151 signatures of Wycheproof, of which 88 are valid. */
export function expectEd25519Vectors(crypto: PlatformCrypto): void {
  const ed25519 = vectorsIn<'publicKey' | 'msg' | 'sig'>('wycheproof-ed25519');
  const valid = ed25519.filter(({ publicKey, msg, sig, result, ...about }) => {
    const holds = crypto.ed25519Verify(hex(publicKey), hex(msg), hex(sig));
    expect({ ...about, holds }).toEqual({ ...about, holds: result === 'valid' });
    return holds;
  });
  expect([ed25519.length, valid.length]).toEqual([151, 88]);
}
