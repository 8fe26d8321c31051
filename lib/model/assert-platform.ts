import { platformCrypto } from '#platform/crypto';
import { errorOf, RxmeshError } from './error.ts';

/** Those that have been tried out: it takes a millisecond. */
const sound = new WeakSet<object>();

/**
 * Sees to it that the runtime has what rxmesh needs, before anything depends on it: a node that
 * comes up and then cannot seal a message would be worse than none.
 *
 * @throws {RxmeshError} `RXMESH_PLATFORM_UNSUPPORTED`: the message names what is missing
 */
export function assertPlatform(
  crypto: Pick<typeof platformCrypto, 'needs'> = platformCrypto,
): void {
  if (sound.has(crypto)) return;
  for (const { what, works } of crypto.needs) {
    const text = `this runtime has no ${what}, which rxmesh needs`;
    let isThere: boolean;
    try {
      isThere = works();
    } catch (thrown) {
      throw errorOf(thrown, 'RXMESH_PLATFORM_UNSUPPORTED', text);
    }
    if (!isThere) throw new RxmeshError('RXMESH_PLATFORM_UNSUPPORTED', `${text}: it does not work`);
  }
  sound.add(crypto);
}
