/**
 * The authenticated, encrypted connection. `secureDial` and `secureAccept` speak rxmesh's own wire
 * protocol over any socket that carries frames and can pass 37 bytes along with a dial.
 *
 * @example
 * const dial = secureDial();
 * // send dial.hello with the dial; `socket` is the resulting connection
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
