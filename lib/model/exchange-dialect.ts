/** A question for addresses, or the answer to one. */
export type ExchangeMessage =
  | { readonly kind: 'ask' }
  /** Addresses of other nodes, as text: `ws://<node ID>@host:port`. */
  | { readonly kind: 'answer'; readonly addresses: readonly string[] };

/**
 * How nodes ask each other for addresses on a wire other than rxmesh's own:
 * `createRouter({ peerExchange: { dialect: cometDialect } })`.
 */
export interface ExchangeDialect {
  /** The ID of the channel, 0 to 65,535, unless the options name another one. */
  readonly channel: number;
  readonly codec: {
    /** Leaves out addresses that the dialect cannot express. */
    encode(message: ExchangeMessage): Uint8Array;
    /** @throws {RxmeshError} `RXMESH_DECODE_FAILED` */
    decode(bytes: Uint8Array): ExchangeMessage;
  };
  /** The longest message, in bytes. */
  readonly messageBytesMax: number;
  /** The most addresses that this node puts into one answer. */
  readonly addressesMax: number;
  /** The pause before the second question to a peer, in milliseconds; a quarter more or less. */
  readonly firstPauseMs: number;
  /** The shortest pause later on, in milliseconds; a quarter more or less. */
  readonly shortestPauseMs: number;
}
