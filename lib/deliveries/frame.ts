/** The version of the protocol in `open` frames. */
export const wireVersion = 1;

/** The length of an epoch. A receiver keeps it, so it must not be the sender's to choose. */
export const epochBytes = 16;

/** How many failures may wait until the sender has noted them. Then its messages wait, too. */
export const failuresMax = 64;

/** What a frame says. `docs/wire.md` specifies the numbers. */
export const kinds = {
  /** sender: begins an opening, with its epoch; the receiver answers with `resume` */
  open: 1,
  /** receiver: what it has handled of this epoch, and how much may be on its way */
  resume: 2,
  /** sender: a message */
  message: 3,
  /** receiver: it has handled everything up to this number */
  acked: 4,
  /** receiver: its handler has given up on this message */
  failed: 5,
  /** sender: it has taken note of the failures up to this number */
  noted: 6,
  /** receiver: it cannot take part */
  refused: 7,
} as const;

/** The value of a field that is not used. */
const nothing = new Uint8Array(0);

/**
 * One message of the deliveries protocol. A field that its kind does not use keeps its default.
 * Records of a store are frames, too.
 */
export class Frame {
  /** One of `kinds`, or a number of a later version. */
  kind: number;
  /** The number of the message: 1, 2, 3 … for each receiver and epoch. */
  seq: number;
  /** How many numbers in front of this one have been withdrawn. */
  skip = 0;
  /** An encoded message. */
  payload: Uint8Array = nothing;
  /** What the sender remembers of itself, as 16 random bytes: new memory, new epoch. */
  epoch: Uint8Array = nothing;
  /** The number of the opening, chosen by the sender. */
  opening = 0;
  /** How many messages may be on their way. */
  window = 0;
  /** How many bytes of them. The last message may exceed it. */
  windowBytes = 0;
  /** Why a message has failed: see `statuses`. */
  status = 0;
  /** The handler's own code for its error. */
  reason = '';
  /** The handler's text for its error. */
  text = '';
  /** The version of the protocol. */
  version = 0;
  /** In a store only: the date at which the message is too late, in milliseconds since 1970. */
  dueDateMs = 0;

  constructor(kind: number, seq = 0) {
    this.kind = kind;
    this.seq = seq;
  }
}
