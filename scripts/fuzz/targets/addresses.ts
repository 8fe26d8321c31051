import { isDeepStrictEqual } from 'node:util';
import {
  formatNodeAddress,
  parseNodeAddress,
  validateNodeAddress,
} from '../../../lib/model/address.ts';
import { parseNodeId } from '../../../lib/model/id.ts';
import { bytesOf, textOf } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import { attempt, expectThat, type Target } from '../target.ts';
import { ipText } from './ips.ts';

const good = {
  ids: ['a'.repeat(40), '0123456789abcdef0123456789ABCDEF01234567'],
  protocols: ['ws://', 'wss://', 'tcp://', 'a+b://', '', 'WS://'],
  hosts: ['host', 'a.b.', '%41', 'xn--', 'b\u00fccher', '', '-', '_'],
  ports: ['', ':0', ':80', ':65535', ':080', ':'],
  paths: ['', '/', '/a?b#c', '?q', '#', '/%2f%3f%25', '//x', '/\u00e9', '\\', '/%00', '/a b'],
} as const;
const strange = {
  ids: ['b'.repeat(39), '', 'c'.repeat(40) + '@'],
  protocols: ['://', '1:', 'memory:', 'a:b://', 'x'.repeat(33) + '://'],
  hosts: [
    '\u2460',
    'x\u3002y',
    '%zz',
    'user@h',
    '1.2',
    '[',
    'h\u200b',
    '%2f',
    '\ufb01',
    '%e2%91%a0',
  ],
  ports: [':65536', ':-1', ':1e3', ':99999999'],
  paths: ['/%', '/%ff', '/' + 'x'.repeat(1_030), '/\ufeff'],
} as const;

/** The text of an address, usually valid or nearly so. */
function addressText(random: Random): string {
  const part = (of: keyof typeof good): string =>
    random.pick((random.once(12) ? strange : good)[of]);
  const id = part('ids');
  if (random.once(9)) return `${random.pick(['memory', 'M-1'])}:${id}`;
  const ip = ipText(random);
  const host = random.once(2) ? part('hosts') : ip.includes(':') ? `[${ip}]` : ip;
  return `${part('protocols')}${id}@${host}${part('ports')}${part('paths')}`;
}

/** Parsing of node addresses and node IDs. */
export const addresses: Target = {
  name: 'addresses',
  share: 9,
  generate(random) {
    const bytes = bytesOf(addressText(random));
    return random.once(2) ? bytes : mutate(bytes, random, bytesOf(addressText(random)));
  },
  check(input) {
    const text = textOf(input);
    const id = attempt(() => parseNodeId(text), ['RXMESH_NODE_ID_INVALID']);
    if ('value' in id) expectThat(parseNodeId(id.value) === id.value, 'an ID has two forms');
    const parsed = attempt(() => parseNodeAddress(text), ['RXMESH_ADDRESS_INVALID']);
    if ('code' in parsed) return parsed.code;
    validateNodeAddress(parsed.value);
    const written = formatNodeAddress(parsed.value);
    const again = attempt(() => parseNodeAddress(written), ['RXMESH_ADDRESS_INVALID']);
    const isSame = 'value' in again && isDeepStrictEqual(again.value, parsed.value);
    expectThat(isSame, `${JSON.stringify(text)} is written as ${JSON.stringify(written)}`);
    return 'value';
  },
};
