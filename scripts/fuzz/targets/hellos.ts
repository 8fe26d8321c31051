import { asciiBytes } from '../../../lib/secure/bytes.ts';
import { decodeHello, encodeHello } from '../../../lib/secure/hello.ts';
import { helloOffered, offeredProtocols } from '../../../transports/websocket/subprotocol.ts';
import { bytesOf, joined, textOf } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import { attempt, expectThat, type Target } from '../target.ts';

function header(random: Random): string {
  const hello = encodeHello('encrypted', random.bytes(32));
  const wrong = random.once(3) ? mutate(hello, random) : hello;
  const [protocol = '', digits = ''] = offeredProtocols(wrong);
  return random.pick([', ', ',', ' ,\t', ';']).replace(/^/, protocol) + digits;
}

/** A dialer's hello, as bytes and as the subprotocols of an upgrade request. */
export const hellos: Target = {
  name: 'hellos',
  share: 5,
  generate(random) {
    if (random.once(3)) return mutate(encodeHello('encrypted', random.bytes(32)), random);
    return joined([mutate(bytesOf(header(random)), random, asciiBytes('rxmesh.2, chat'))]);
  },
  check(input) {
    const decoded = attempt(() => decodeHello(input, 'encrypted'), ['RXMESH_HANDSHAKE_FAILED']);
    if ('value' in decoded) {
      const isSame = Buffer.from(encodeHello('encrypted', decoded.value)).equals(input);
      expectThat(isSame, 'a hello is written as something else');
      return 'value';
    }
    const hello = helloOffered(textOf(input));
    if (typeof hello === 'string') return hello;
    const again = helloOffered(offeredProtocols(hello).join(', '));
    const isSame = typeof again !== 'string' && Buffer.from(again).equals(hello);
    expectThat(isSame, 'an offered hello is written as something else');
    return 'offered value';
  },
};
