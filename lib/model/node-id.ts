declare const nodeIdBrand: unique symbol;

/**
 * A node's ID: the first 20 bytes of the SHA-256 of its ed25519 public key, as 40 lower-case hex
 * digits. A node proves in the handshake that it owns the key, so IDs cannot be forged.
 *
 * At run time it is a plain string. Its type is branded, so the compiler rejects an address or
 * a name in its place. Get one from `Identity.id`, an envelope's `from`, `parseNodeId` or
 * `isNodeId`.
 */
export type NodeId = string & { readonly [nodeIdBrand]: true };

/** Casts text to a node ID before it is checked, or where the empty string means "unknown". */
export function uncheckedNodeId(text: string): NodeId {
  return text as NodeId;
}
