import { platformCrypto } from '#platform/crypto';
import { errorOf, RxmeshError } from './error.ts';

/** Platforms that passed. A check takes about a millisecond, so each is checked only once. */
const sound = new WeakSet<object>();

/**
 * Checks that the runtime has what rxmesh needs, before a node can start and then fail to encrypt
 * its first message.
 *
 * @throws {RxmeshError} `RXMESH_PLATFORM_UNSUPPORTED`: the message names the missing feature
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
