/**
 * The authenticated, encrypted connection: `secureDial` and `secureAccept` speak rxmesh's own wire
 * over any socket of frames that can bring 37 bytes along with a dial.
 *
 * @example
 * const dial = secureDial();
 * // dial.hello travels with the dial, and `socket` is what comes of it
 * dial
 *   .connect(socket)
 *   .handshake({ identity, nodeInfo })
 *   .subscribe((link) => link.attach(receiver));
 */
export {
  secureAccept,
  type SecureConnectionOptions,
  secureDial,
  type SecureDial,
} from './secure-connection.ts';
export { helloProblem, type Protection } from './hello.ts';
