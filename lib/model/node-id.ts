declare const nodeIdBrand: unique symbol;

/**
 * A node's ID: the first 20 bytes of the SHA-256 of its ed25519 public key, as 40 lower-case hex
 * digits. A node proves in the handshake that it owns the key, so nobody can take another's ID.
 *
 * At run time it is a string. For the compiler it is a string that was checked, so that an address
 * or a name cannot stand in its place. `Identity.id`, an envelope's `from`, `parseNodeId` and
 * `isNodeId` give one.
 */
export type NodeId = string & { readonly [nodeIdBrand]: true };

/** Takes a text for an ID before it is checked, or where the empty text means "not known". */
export function uncheckedNodeId(text: string): NodeId {
  return text as NodeId;
}
