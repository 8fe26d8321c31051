import type { DropReason } from '../model/event.ts';

/**
 * Why a message was not delivered, in the words of `docs/errors.md`. A node of another version may
 * have other reasons.
 */
export const dropReasons: Readonly<Partial<Record<DropReason, string>>> = {
  'unknown-peer': 'no such peer is connected',
  'to-self': 'it was addressed to this node itself',
  'no-recipient': 'a broadcast, and no connected peer has the channel open',
  'channel-not-open': 'the peer has not opened the channel, or closed it while the message waited',
  'lane-full':
    'its lane was full, and the strategy or `slowPeer` dropped it; or too many sends waited for that lane; ' +
    'without a peer: the buffer of a pipe was full',
  'peer-down': 'the connection ended while it waited',
  'channel-closed': 'its channel was closed here',
  'node-stopped': 'this node stopped before it was written, or before a consumer took it',
  'encode-failed': 'the sender’s codec refused it',
  'decode-failed': 'the receiver’s codec refused it, or too many of the peer’s messages had failed',
  'too-large': 'it is longer than the channel allows',
} satisfies Record<DropReason, string>;
