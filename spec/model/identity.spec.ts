import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Identity, verifySignature } from '../../lib/model/identity.ts';
import { platformCrypto } from '../../lib/platform/crypto.node.ts';

/** The key of the secret "foo": its seed is SHA-256 of that. */
const seed = platformCrypto.sha256(Uint8Array.of(0x66, 0x6f, 0x6f));
const id = '045f5600654182cfeaccfe6cb19f0642e8a59898';
const message = Uint8Array.of(1, 2, 3);

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rxmesh-identity-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});
const file = () => join(directory, 'node_key.json');

describe('identity', () => {
  it('follows from its seed', () => {
    const identity = Identity.fromSeed(seed);
    expect(identity.id).toBe(id);
    expect(identity.publicKey).toEqual(platformCrypto.ed25519PublicKey(seed));
    expect(String(identity)).toBe(`Identity ${id}`);
  });

  it.each([0, 31, 33, 64])('does not follow from %d bytes', (length) => {
    expect(() => Identity.fromSeed(new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: 'RXMESH_KEY_INVALID' }),
    );
  });

  it.each(['a'.repeat(32), Array.from({ length: 32 }, () => 1), undefined])(
    'does not follow from what is no bytes: %j',
    (given) => {
      expect(() => Identity.fromSeed(given as never)).toThrow(
        expect.objectContaining({ code: 'RXMESH_KEY_INVALID' }),
      );
    },
  );

  it('is a new one each time it is generated', async () => {
    const [one, other] = [await Identity.generate(), await Identity.generate()];
    expect(one.id).toMatch(/^[0-9a-f]{40}$/);
    expect(one.id).not.toBe(other.id);
  });

  it('signs what others verify', () => {
    const { publicKey, ...identity } = Identity.fromSeed(seed);
    const signature = Identity.fromSeed(seed).sign(message);
    expect(identity.id).toBe(id);
    expect(signature).toHaveLength(64);
    expect(verifySignature(publicKey, message, signature)).toBe(true);
    expect(verifySignature(publicKey, Uint8Array.of(1, 2, 4), signature)).toBe(false);
    expect(verifySignature(publicKey, message, signature.subarray(1))).toBe(false);
    expect(verifySignature(publicKey.subarray(1), message, signature)).toBe(false);
  });

  it('does not show its private key', () => {
    const identity = Identity.fromSeed(seed);
    const texts = [
      JSON.stringify(identity),
      inspect(identity, { showHidden: true, depth: Infinity, maxArrayLength: null }),
    ].map((text) => text.replace(/[^0-9a-f]+/gi, ' '));
    const shown = [seed.join(' '), Buffer.from(seed).toString('hex')];
    for (const text of texts) for (const secret of shown) expect(text).not.toContain(secret);
    expect(JSON.stringify(Object.values(identity))).not.toContain(JSON.stringify([...seed]));
  });
});

describe('identity file', () => {
  it('K-01 is created when it is missing; afterwards it holds the same identity', async () => {
    const created = await Identity.loadOrCreate(file());
    const again = await Identity.loadOrCreate(file());
    expect(again.id).toBe(created.id);
    expect(again.publicKey).toEqual(created.publicKey);
    expect(again.sign(message)).toEqual(created.sign(message));
  });

  it('K-01 is the same for all who create it at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => Identity.loadOrCreate(file())));
    expect(new Set(all.map((identity) => identity.id)).size).toBe(1);
    expect(all[0]?.id).toBe((await Identity.load(file())).id);
  });

  it('K-02 is not loaded when it is missing; once created it is', async () => {
    await expect(Identity.load(file())).rejects.toMatchObject({
      code: 'RXMESH_IDENTITY_FILE',
      message: expect.stringContaining('does not exist'),
    });
    const created = await Identity.loadOrCreate(file());
    expect((await Identity.load(file())).id).toBe(created.id);
  });

  it('K-03 is JSON with id and private key, for its owner only', async () => {
    const identity = await Identity.loadOrCreate(file());
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    const content: unknown = JSON.parse(await readFile(file(), 'utf8'));
    expect(content).toEqual({
      id: identity.id,
      priv_key: { type: 'tendermint/PrivKeyEd25519', value: expect.any(String) },
    });
    const { value } = (content as { priv_key: { value: string } }).priv_key;
    const bytes = Buffer.from(value, 'base64');
    expect(bytes).toHaveLength(64);
    expect(Identity.fromSeed(Uint8Array.from(bytes.subarray(0, 32))).id).toBe(identity.id);
    expect(Uint8Array.from(bytes.subarray(32))).toEqual(identity.publicKey);
  });

  const keyFile = (bytes: Uint8Array, type = 'tendermint/PrivKeyEd25519') =>
    JSON.stringify({ priv_key: { type, value: Buffer.from(bytes).toString('base64') } });
  const wholeKey = Uint8Array.of(...seed, ...platformCrypto.ed25519PublicKey(seed));

  it('K-03 loads as CometBFT writes it, with the id or without, and computes the id', async () => {
    await writeFile(file(), keyFile(wholeKey));
    expect((await Identity.load(file())).id).toBe(id);
    const stranger = { id: '0'.repeat(40), ...(JSON.parse(keyFile(wholeKey)) as object) };
    await writeFile(file(), JSON.stringify(stranger));
    expect((await Identity.load(file())).id).toBe(id);
  });

  it.each([
    ['nothing', '', 'not JSON'],
    ['half of it', keyFile(wholeKey).slice(0, 100), 'not JSON'],
    ['no object', 'null', 'not of type'],
    ['no key', '{}', 'not of type'],
    ['a key that is none', '{"priv_key":7}', 'not of type'],
    ['another type', keyFile(wholeKey, 'tendermint/PrivKeySecp256k1'), 'not of type'],
    ['no value', '{"priv_key":{"type":"tendermint/PrivKeyEd25519"}}', '64 bytes'],
    ['no base64', keyFile(wholeKey).replace(/value":"../, 'value":"--'), '64 bytes'],
    ['the seed alone', keyFile(seed), '64 bytes'],
    ['a public half of another key', keyFile(Uint8Array.of(...seed, ...seed)), 'does not belong'],
  ])('K-03 with %s is refused, and no part of it quoted', async (_, text, fault) => {
    await writeFile(file(), text);
    for (const loaded of [Identity.load(file()), Identity.loadOrCreate(file())]) {
      const error: unknown = await loaded.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'RXMESH_IDENTITY_FILE',
        message: expect.stringContaining(fault),
      });
      expect(inspect(error)).not.toContain(Buffer.from(seed).toString('base64').slice(0, 8));
    }
    expect(await readFile(file(), 'utf8')).toBe(text);
  });

  it('K-03 that cannot be read or created is an error with its cause', async () => {
    await expect(Identity.load(directory)).rejects.toMatchObject({
      code: 'RXMESH_IDENTITY_FILE',
      cause: expect.objectContaining({ code: 'EISDIR' }),
    });
    await expect(Identity.loadOrCreate(join(directory, 'none', 'file'))).rejects.toMatchObject({
      code: 'RXMESH_IDENTITY_FILE',
      cause: expect.objectContaining({ code: 'ENOENT' }),
    });
  });
});
