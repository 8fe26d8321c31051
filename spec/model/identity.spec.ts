import { chmod, link, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Identity, signHandshake, verifySignature } from '../../lib/model/identity.ts';
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
    'does not follow from anything but bytes: %j',
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

  it('S-06 signs the bytes that are documented: a text of its own, a zero, and the message', () => {
    const identity = Identity.fromSeed(seed);
    const text = Buffer.from('rxmesh application signature v1\0', 'latin1');
    const bytes = Uint8Array.of(...text, ...message);
    const { publicKey } = identity;
    expect(text).toHaveLength(32);
    expect(platformCrypto.ed25519Verify(publicKey, bytes, identity.sign(message))).toBe(true);
    expect(identity.sign(message)).toEqual(platformCrypto.ed25519Signer(seed)(bytes));
    expect(identity.sign(new Uint8Array(0))).toEqual(platformCrypto.ed25519Signer(seed)(text));
  });

  it('S-06 signs nothing for an application that would do in a handshake, and the other way round', () => {
    const identity = Identity.fromSeed(seed);
    const { publicKey } = identity;
    const challenge = Uint8Array.of(...Buffer.from('rxmesh dialer v1'), ...seed);
    const asked = identity.sign(challenge);
    const shaken = signHandshake(identity, challenge);
    const isRaw = (signature: Uint8Array) =>
      platformCrypto.ed25519Verify(publicKey, challenge, signature);
    expect([isRaw(asked), isRaw(shaken)]).toEqual([false, true]);
    const isOurs = (signature: Uint8Array) => verifySignature(publicKey, challenge, signature);
    expect([isOurs(asked), isOurs(shaken)]).toEqual([true, false]);
  });

  it.each(['text', [1, 2, 3], undefined, new Uint16Array(3)])('S-06 signs no %j', (given) => {
    const identity = Identity.fromSeed(seed);
    expect(() => identity.sign(given as never)).toThrow(TypeError);
    const verify = () => verifySignature(identity.publicKey, given as never, new Uint8Array(64));
    expect(verify).toThrow('a message to sign must be a Uint8Array');
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
    await writeFile(file(), keyFile(wholeKey), { mode: 0o600 });
    expect((await Identity.load(file())).id).toBe(id);
    const stranger = { id: '0'.repeat(40), ...(JSON.parse(keyFile(wholeKey)) as object) };
    await writeFile(file(), JSON.stringify(stranger));
    expect((await Identity.load(file())).id).toBe(id);
  });

  it.each([
    ['nothing', '', 'it is empty'],
    ['half of it', keyFile(wholeKey).slice(0, 100), 'not JSON'],
    ['no object', 'null', 'not of type'],
    ['no key', '{}', 'not of type'],
    ['a key that is a number', '{"priv_key":7}', 'not of type'],
    ['another type', keyFile(wholeKey, 'tendermint/PrivKeySecp256k1'), 'not of type'],
    ['no value', '{"priv_key":{"type":"tendermint/PrivKeyEd25519"}}', '64 bytes'],
    ['no base64', keyFile(wholeKey).replace(/value":"../, 'value":"--'), '64 bytes'],
    ['the seed alone', keyFile(seed), '64 bytes'],
    ['a public half of another key', keyFile(Uint8Array.of(...seed, ...seed)), 'does not belong'],
  ])('K-03 with %s is refused, and no part of it quoted', async (_, text, fault) => {
    await writeFile(file(), text, { mode: 0o600 });
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

  it.each([0o644, 0o640, 0o604, 0o620, 0o602, 0o601])(
    'S-06 that others may use (mode %o) is refused with what to do, or taken on request',
    async (mode) => {
      await writeFile(file(), keyFile(wholeKey));
      await chmod(file(), mode);
      for (const loaded of [Identity.load(file()), Identity.loadOrCreate(file())]) {
        await expect(loaded).rejects.toMatchObject({
          code: 'RXMESH_IDENTITY_FILE',
          message: expect.stringMatching(
            new RegExp(`mode ${mode.toString(8)}.*run "chmod 600 ${file()}".*allowInsecure`),
          ),
        });
      }
      const options = { allowInsecure: true };
      expect((await Identity.load(file(), options)).id).toBe(id);
      expect((await Identity.loadOrCreate(file(), options)).id).toBe(id);
      await chmod(file(), 0o600);
      expect((await Identity.load(file())).id).toBe(id);
      await chmod(file(), 0o400);
      expect((await Identity.load(file())).id).toBe(id);
    },
  );

  it('S-06 with another option, or one that is not a boolean, is a mistake', async () => {
    const wrong: readonly unknown[] = [{ allowInsecre: true }, { allowInsecure: 'yes' }];
    for (const options of wrong) {
      await expect(Identity.load(file(), options as never)).rejects.toThrow(TypeError);
      await expect(Identity.loadOrCreate(file(), options as never)).rejects.toThrow(TypeError);
    }
  });

  it('S-06 loses what a process that was killed has left beside it', async () => {
    const uuid = '00000000-0000-4000-8000-00000000000';
    const names = [`${uuid}0.tmp`, `${uuid}1.tmp`];
    await writeFile(`${file()}.${names[0]}`, 'half a key', { mode: 0o600 });
    const { id: created } = await Identity.loadOrCreate(file());
    expect(await readdir(directory)).toEqual(['node_key.json']);
    // Killed after the file had its name: the draft is another name of the key itself.
    await link(file(), `${file()}.${names[1]}`);
    await writeFile(`${file()}.${uuid}.tmp`, 'not of ours');
    await writeFile(`${directory}/other.json.${names[0]}`, 'of another file');
    expect((await Identity.loadOrCreate(file())).id).toBe(created);
    expect(await readdir(directory)).toEqual([
      'node_key.json',
      `node_key.json.${uuid}.tmp`,
      `other.json.${names[0]}`,
    ]);
  });
});
