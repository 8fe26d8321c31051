/** The version of the protocol, in `hello` frames. */
export const wireVersion = 1;

/** The length of a message's ID: a part of its SHA-256. */
export const idBytes = 20;

/** The most IDs in one frame. */
export const frameIdsMax = 1_024;

/** The most topics that a peer may name. */
export const topicsMax = 256;

/** The longest topic, in bytes of UTF-8. */
export const topicBytesMax = 128;

/** The most links that a message can count, as one byte of a `have` frame. */
export const hopsLimit = 255;

/** What a frame says. `docs/wire.md` specifies the numbers. */
export const kinds = {
  /** the first frame on a connection, and again when the topics change: what its sender wants */
  hello: 1,
  /** a message */
  message: 2,
  /** its sender has these messages */
  have: 3,
  /** its sender wants these messages and, with `graft`, the following ones of the topic, too */
  ask: 4,
  /** its sender gets the messages of the topic from another peer: announce them only */
  prune: 5,
  /** its sender wants to know what its receiver keeps: a part of it, as `have` frames */
  recall: 6,
  /** its sender does not keep these messages any more, which it has announced */
  gone: 7,
} as const;

/** The value of a field that is not used. */
const nothing = new Uint8Array(0);

/** Shared, since most frames have no list of topics. */
const noTopics: readonly string[] = [];

/** One message of gossip's channel, as docs/wire.md specifies it. Fields have their defaults. */
export class Frame {
  kind: number;
  topic: string;
  version = 0;
  /** In `hello`: its sender wants every topic. */
  isAll = false;
  /** In `hello`: the topics that its sender wants. */
  topics: readonly string[] = noTopics;
  /** In `have`, `ask` and `gone`: IDs, one behind the other. */
  ids: Uint8Array = nothing;
  /** In `have`: how many links each message has passed, one byte each. */
  hops: Uint8Array = nothing;
  /** In `have`: they are not pushed. */
  isPull = false;
  /** In `ask`. */
  isGraft = false;
  /** In `message`: how many links it has passed. */
  hop = 0;
  /** The public key of the origin, in a message with a signature. */
  key: Uint8Array = nothing;
  /** The node ID that the origin claims, in a message without one. */
  origin = '';
  /**
   * When the origin published the message, in milliseconds since 1970. In `recall`: of messages
   * that were published then or later.
   */
  dateMs = 0;
  /**
   * In `message`: its number among those that the origin has published. In `recall`, and in the
   * last `have` of a part: the number of the digest.
   */
  seq = 0;
  payload: Uint8Array = nothing;
  signature: Uint8Array = nothing;
  /** In `recall`: where the part begins. In the last `have` of a part: where the next one does. */
  place = 0;

  constructor(kind: number, topic = '') {
    this.kind = kind;
    this.topic = topic;
  }
}
