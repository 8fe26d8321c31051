/** The part of the API that the contestant uses; the package has no types. */
declare module '@hyperswarm/secret-stream' {
  import type { Duplex } from 'node:stream';

  interface KeyPair {
    readonly publicKey: Buffer;
    readonly secretKey: Buffer;
  }

  export default class SecretStream {
    static keyPair(): KeyPair;
    constructor(isInitiator: boolean, rawStream: Duplex, options?: { keyPair?: KeyPair });
    /** Returns false if the caller should wait for `drain`. */
    write(bytes: Uint8Array): boolean;
    on(event: 'data', listener: (bytes: Buffer) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    once(event: 'connect' | 'drain' | 'end' | 'close', listener: () => void): this;
    end(): void;
  }
}
