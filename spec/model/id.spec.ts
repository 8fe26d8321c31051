import { describe, expect, it } from '@jest/globals';
import { platformCrypto } from '../../lib/platform/crypto.node.ts';
import { isNodeId, nodeIdFromPublicKey, nodeIdToBytes, parseNodeId } from '../../lib/model/id.ts';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';

const id = '045f5600654182cfeaccfe6cb19f0642e8a59898';
const invalid = expect.objectContaining({ code: 'RXMESH_NODE_ID_INVALID' });

describe('node id', () => {
  it.each(['', 'deadbeef', id.slice(1), `${id.slice(1)}g`, `${id}0`, ` ${id}`, `${id}\n`])(
    'AD-01 does not parse %j',
    (text) => {
      expect(() => parseNodeId(text)).toThrow(invalid);
    },
  );

  it('AD-01 parses lower case, and lower-cases upper case', () => {
    expect(parseNodeId(id)).toBe(id);
    expect(parseNodeId(id.toUpperCase())).toBe(id);
  });

  it('AD-02 follows from the public key', () => {
    const seed = platformCrypto.sha256(Uint8Array.of(0x66, 0x6f, 0x6f)); // "foo"
    expect(nodeIdFromPublicKey(platformCrypto.ed25519PublicKey(seed))).toBe(id);
  });

  it('AD-02 does not follow from bytes of another length', () => {
    expect(() => nodeIdFromPublicKey(new Uint8Array(33))).toThrow(
      expect.objectContaining({ code: 'RXMESH_KEY_INVALID' }),
    );
  });

  it('AD-03 becomes bytes, whatever its case; the empty one becomes none', () => {
    const bytes = [
      4, 95, 86, 0, 101, 65, 130, 207, 234, 204, 254, 108, 177, 159, 6, 66, 232, 165, 152, 152,
    ];
    expect([...nodeIdToBytes(uncheckedNodeId(id))]).toEqual(bytes);
    expect([...nodeIdToBytes(uncheckedNodeId(id.toUpperCase()))]).toEqual(bytes);
    expect(nodeIdToBytes(uncheckedNodeId(''))).toHaveLength(0);
  });

  it.each(['0', 'abc', 'gg', '0x', '1 '])('AD-03 does not become bytes: %j', (text) => {
    expect(() => nodeIdToBytes(uncheckedNodeId(text))).toThrow(invalid);
  });

  it('AD-04 is valid with 40 lower-case hex digits and nothing else', () => {
    expect(isNodeId(id)).toBe(true);
    expect(isNodeId([id] as never)).toBe(false);
    for (const text of ['', 'f0', `${id}0`, `${id.slice(1)}g`, id.toUpperCase(), `${id}\n`]) {
      expect(isNodeId(text)).toBe(false);
    }
  });
});
