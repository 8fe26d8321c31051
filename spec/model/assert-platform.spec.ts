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

/** What the runtime lacks: functions of `node:crypto`, replaced by others. */
let lacks: Partial<typeof nodeCrypto> = {};
const replaceable = Object.entries(nodeCrypto).map(([name, value]) => {
  // Classes stay.
  if (typeof value !== 'function' || !/^[a-z]/.test(name)) return [name, value] as const;
  const call = (...given: readonly unknown[]): unknown =>
    Reflect.apply((Reflect.get(lacks, name) ?? value) as () => unknown, undefined, given);
  return [name, call] as const;
});
jest.resetModules();
jest.unstable_mockModule('node:crypto', () => Object.fromEntries<unknown>(replaceable));
const library = await import('../../lib/index.ts');
const { assertPlatform } = await import('../../lib/model/assert-platform.ts');

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
    ['SHA-256', { createHash: throws, hash: throws }],
    ['secure random numbers', { randomBytes: throws }],
  ])('without %s', async (what, given) => {
    lacks = given;
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

  it('and is asked again, as long as it does', () => {
    let isThere = false;
    const needs = [{ what: 'luck', works: () => isThere }];
    const platform = { needs };
    const text = 'this runtime has no luck, which rxmesh needs: it does not work';
    expect(() => assertPlatform(platform)).toThrow(text);
    isThere = true;
    expect(() => assertPlatform(platform)).not.toThrow();
    isThere = false;
    expect(() => assertPlatform(platform)).not.toThrow();
  });
});
