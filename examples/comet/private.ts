import { BlockList } from 'node:net';

const privateNetworks = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  privateNetworks.addSubnet(network, prefix, 'ipv4');
}
privateNetworks.addSubnet('::', 127, 'ipv6');
privateNetworks.addSubnet('fc00::', 7, 'ipv6');
privateNetworks.addSubnet('fe80::', 10, 'ipv6');

/** Whether a host is this machine, or an address that means something else in each network. */
export function isLocal(host = ''): boolean {
  const ip = host.replace(/^\[|\]$/g, '');
  return ip === 'localhost' || privateNetworks.check(ip, ip.includes(':') ? 'ipv6' : 'ipv4');
}
