/** What the nodes of a network have in common. */
export interface GossipSetup {
  /** For each node, which earlier nodes it dials. Node 0 publishes, and all others subscribe. */
  readonly links: readonly (readonly number[])[];
  /** Whether each message has a signature of its origin, which every node checks. */
  readonly signed: boolean;
}

/** Publishes an encoded item from node 0. */
export type Publish = (item: Uint8Array) => void;

/** A network of nodes in this process that publish and subscribe. */
export interface GossipContestant {
  readonly name: string;
  /**
   * Starts and connects the nodes.
   *
   * @param take gets the encoded items that node `node` receives
   */
  start(setup: GossipSetup, take: (node: number, item: Uint8Array) => void): Promise<Publish>;
}
