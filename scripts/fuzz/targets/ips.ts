import { BlockList, isIP } from 'node:net';
import {
  formatIp,
  ipNetwork,
  isIpv6,
  normalizeIp,
  parseIp,
  withoutZone,
} from '../../../lib/model/ip.ts';
import { parseIpRange, rangeHas } from '../../../lib/model/ip-range.ts';
import { bytesOf, textOf } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import { expectThat, type Target } from '../target.ts';

/** An IP address as text, usually valid. */
export function ipText(random: Random): string {
  const v4 = random.list(4, 4, () => random.pick([0, 1, 127, 255, random.below(300)])).join('.');
  if (random.once(3)) return v4;
  const group = (): string =>
    random.pick(['0', '0', 'ffff', '1', 'fe80', '00a', random.below(2 ** 16).toString(16)]);
  const [left, right] = [random.list(0, 5, group), random.list(0, 4, group)];
  const tail = random.once(4) ? [...right, v4] : right;
  const ip = random.pick([
    `${left.join(':')}::${tail.join(':')}`,
    `${left.join(':')}::${tail.join(':')}`,
    random.list(8, 8, group).join(':'),
    `::ffff:${v4}`,
  ]);
  return random.once(6) ? `${ip}%${random.pick(['eth0', '1', 'a/b', ''])}` : ip;
}

const family = (ip: string): 'ipv4' | 'ipv6' => (isIpv6(ip) ? 'ipv6' : 'ipv4');

function checkIp(text: string): string {
  const ip = normalizeIp(text);
  // Zones are handled differently from Node.
  if (!text.includes('%')) {
    expectThat((isIP(text) !== 0) === (ip !== undefined), 'Node sees it otherwise');
  }
  if (ip === undefined) return 'none';
  expectThat(normalizeIp(ip) === ip, `${ip} has another form`);
  const parts = parseIp(ip) ?? [];
  expectThat(formatIp(parts) === withoutZone(ip), `${ip} is not written from its parts`);
  const network = ipNetwork(ip);
  expectThat(parseIpRange(network)?.text === parseIpRange(ip)?.text, `${network} is another host`);
  if (!text.includes('%')) {
    const same = new BlockList();
    same.addAddress(text, family(text));
    expectThat(same.check(ip, family(ip)), `${ip} is another address to Node`);
  }
  return family(ip);
}

function checkRange(text: string): string {
  const range = parseIpRange(text);
  if (range === undefined) return 'no range';
  expectThat(parseIpRange(range.text)?.text === range.text, `${range.text} has another form`);
  const [base = '', prefix] = range.text.split('/');
  expectThat(rangeHas(range, base), `${base} is not in ${range.text}`);
  const nodes = new BlockList();
  nodes.addSubnet(base, range.prefix, family(base));
  expectThat(Number(prefix) === range.prefix, `the prefix of ${range.text}`);
  for (const probe of ['127.0.0.1', '::1', 'fe80::1', '10.1.2.3', base]) {
    const isIn = nodes.check(probe, family(probe));
    // Node also treats IPv4-mapped addresses as IPv6.
    const isSame = family(probe) !== family(base) || isIn === rangeHas(range, probe);
    expectThat(isSame, `Node sees ${probe} in ${range.text} otherwise`);
  }
  return 'range';
}

/** Parsing of IP addresses and ranges, compared with Node's. */
export const ips: Target = {
  name: 'ips',
  share: 9,
  generate(random) {
    const text = ipText(random) + (random.once(2) ? `/${random.below(140)}` : '');
    return random.once(2) ? bytesOf(text) : mutate(bytesOf(text), random, bytesOf(ipText(random)));
  },
  check(input) {
    const text = textOf(input);
    return `${checkIp(text)}, ${checkRange(text)}`;
  },
};
