/** What the contestant uses of it; the package has no types. */
declare module '@hyperswarm/secret-stream' {
  import type { Duplex } from 'node:stream';

  export default class SecretStream {
    constructor(isInitiator: boolean, rawStream: Duplex);
    /** False: wait for `drain`. */
    write(bytes: Uint8Array): boolean;
    on(event: 'data', listener: (bytes: Buffer) => void): this;
    once(event: 'connect' | 'drain', listener: () => void): this;
  }
}
