import protobufjs from 'protobufjs';
import { json } from '../../lib/index.ts';

export const network = 'browser-spec';

/** Capacity of the page's lane on channel 2, in messages. */
export const slowLane = 64;

export interface Reading {
  readonly seq: number;
}

/** A service of the node, which the page calls. */
export const service = {
  id: 5,
  methods: {
    square: { request: json<number>(), response: json<number>() },
    count: { request: json<number>(), response: json<number>() },
  },
};

/** A reflected type: protobufjs makes code of it, from strings. */
export const ReadingType = protobufjs
  .parse('syntax = "proto3"; message Reading { uint32 seq = 1; }')
  .root.lookupType('Reading');
