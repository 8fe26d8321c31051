import * as nodeCrypto from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { NEVER } from 'rxjs';
import { platformCrypto as node } from '../../lib/platform/crypto.node.ts';
import { platformCrypto as web } from '../../lib/platform/crypto.web.ts';
import type { Identity } from '../../lib/model/identity.ts';
import { TestSocket } from '../support/frame-socket-pair.ts';

describe.each([
  ['node', node],
  ['web', web],
])('L-35 what rxmesh needs of %s', (_, { needs }) => {
  it.each(needs.map((need) => [need.what, need] as const))('%s is here', (_what, { works }) => {
    expect(works()).toBe(true);
  });
});

/** The library on a runtime whose `node:crypto` lacks a function, or has another one. */
async function withCrypto(changes: Partial<typeof nodeCrypto>) {
  jest.resetModules();
  jest.unstable_mockModule('node:crypto', () => ({ ...nodeCrypto, ...changes }));
  return import('../../lib/index.ts');
}

const unsupported = expect.objectContaining({ code: 'RXMESH_PLATFORM_UNSUPPORTED' });

describe('L-35 a runtime that lacks something is refused', () => {
  const throws = (): never => {
    throw new Error('not implemented');
  };
  const identity = (): Identity =>
    ({
      id: 'a'.repeat(40),
      publicKey: new Uint8Array(32),
      sign: () => new Uint8Array(64),
    }) as never;

  it.each<[string, Partial<typeof nodeCrypto>]>([
    ['Ed25519', { sign: throws }],
    ['Ed25519', { verify: () => false }],
    ['X25519', { generateKeyPairSync: throws }],
    ['X25519', { diffieHellman: throws }],
    ['HKDF', { hkdfSync: throws }],
    ['SHA-256', { createHash: throws }],
    ['secure random numbers', { randomBytes: throws }],
  ])('without %s', async (what, changes) => {
    const library = await withCrypto(changes);
    const { createRouter, Identity: Identities, secureAccept, secureDial } = library;
    const options = { identity: identity(), network: 'n', transports: [] };
    expect(() => createRouter(options)).toThrow(unsupported);
    expect(() => createRouter(options)).toThrow(`this runtime has no ${what}`);
    expect(() => Identities.fromSeed(new Uint8Array(32))).toThrow(unsupported);
    await expect(Identities.generate()).rejects.toEqual(unsupported);
    // A node by hand, at its first dial, and at its first handshake, before anything is sent.
    expect(() => secureDial()).toThrow(unsupported);
    const socket = new TestSocket('inbound');
    const errors: unknown[] = [];
    secureAccept(Object.assign(socket, { frames$: NEVER }), new Uint8Array(37))
      .handshake({ identity: identity(), nodeInfo: {} as never })
      .subscribe({ error: (error: unknown) => errors.push(error) });
    expect([errors, socket.sent]).toEqual([[unsupported], []]);
  });

  it('and is asked again, as long as it does', async () => {
    let isThere = false;
    const needs = [{ what: 'luck', works: () => isThere }];
    const { assertPlatform } = await import('../../lib/model/assert-platform.ts');
    const platform = { needs };
    const text = 'this runtime has no luck, which rxmesh needs: it does not work';
    expect(() => assertPlatform(platform)).toThrow(text);
    isThere = true;
    expect(() => assertPlatform(platform)).not.toThrow();
    isThere = false;
    expect(() => assertPlatform(platform)).not.toThrow();
  });
});
