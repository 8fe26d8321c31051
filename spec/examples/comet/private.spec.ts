import { expect, it } from '@jest/globals';
import { isLocal } from '../../../examples/comet/private.ts';

it('tells private addresses from those of the internet', () => {
  const own = ['localhost', '127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.7.7', '169.254.1.1'];
  const own6 = ['::1', '[::1]', 'fd00::1', 'fe80::1', '::ffff:10.1.2.3'];
  const others = ['example.com', '203.0.113.7', '172.32.0.1', '11.0.0.1', '2001:db8::1', undefined];
  expect([...own, ...own6].filter((host) => !isLocal(host))).toEqual([]);
  expect(others.filter((host) => isLocal(host))).toEqual([]);
});
