import { parse } from 'rxmesh/protobufjs';
import { protobuf, type Codec, type NodeId } from 'rxmesh';

/** What the nodes send each other. */
export interface Item {
  /** Which start of the sender's process this is, from 1. */
  readonly run: number;
  /** Counts from 1 in each run: letters for each recipient by itself, news for all together. */
  readonly seq: number;
  readonly text: string;
}

/** Turns an item into bytes and back. */
export const itemCodec: Codec<Item> = protobuf<Item>(
  parse(`
    syntax = "proto3";
    message Item {
      uint32 run = 1;
      uint32 seq = 2;
      string text = 3;
    }
  `).root.lookupType('Item'),
);

/** Letters go to one peer, news to all that are up. */
export type Kind = 'letters' | 'news';

/** Every kind of item, each with a channel of its own. */
export const kinds: readonly Kind[] = ['letters', 'news'];

/** A node, and how often it has been started. */
export interface NodeRun {
  /** From 1. */
  readonly node: number;
  /** From 1 too. */
  readonly run: number;
}

/** What a node's process needs to know. */
export interface NodeSettings extends NodeRun {
  /** The private key, as 32 numbers. */
  readonly seed: readonly number[];
  readonly port: number;
  /** Number and ID of each of the other nodes. */
  readonly others: readonly (readonly [node: number, id: NodeId])[];
  /** Whether it serves a page that shows what it does. */
  readonly isInspected: boolean;
  /** The addresses that it knows: of one other node, or of none. */
  readonly known: readonly string[];
}

/** What the parent tells a node's process. */
export type Order =
  | { readonly type: 'start'; readonly settings: NodeSettings }
  /** Begin no more messages; answer `finished` when lanes have taken those that are begun. */
  | { readonly type: 'finish' }
  /** Answer with an account. */
  | { readonly type: 'account' }
  /** Stop the router, answer with an account, and end. */
  | { readonly type: 'stop' };

/** Totals of one run. */
export interface Totals {
  readonly accepted: number;
  readonly received: number;
  readonly dropped: number;
}

/** What a node's process tells the parent. */
export type Report =
  | { readonly type: 'ready' }
  /** The address of the page that shows what the node does. */
  | { readonly type: 'inspector'; readonly url: string }
  | { readonly type: 'peer'; readonly node: number; readonly isUp: boolean }
  | ({ readonly type: 'totals' } & Totals)
  | { readonly type: 'finished' }
  | { readonly type: 'account'; readonly account: Account }
  | { readonly type: 'failed'; readonly text: string };

/**
 * Messages `first` to `last`, which `send` reported as accepted for one peer during one connection.
 * None if `last` is less than `first`.
 */
export interface Sent {
  readonly kind: Kind;
  readonly to: NodeRun;
  readonly first: number;
  readonly last: number;
}

/** Messages that have arrived from one run of a node. */
export interface Received {
  readonly kind: Kind;
  readonly from: NodeRun;
  /** What came number by number, each stretch from its first to its last. */
  readonly stretches: readonly (readonly [first: number, last: number])[];
  /** How many came twice, or behind one with a higher number. */
  readonly disorder: number;
}

/** All that one run of a node has sent and received. */
export interface Account extends NodeRun {
  readonly sent: readonly Sent[];
  readonly received: readonly Received[];
  /** What its router told of dropped messages, by reason. */
  readonly drops: readonly (readonly [reason: string, count: number])[];
}
