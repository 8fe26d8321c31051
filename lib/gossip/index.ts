/**
 * Gossip: messages from any node to all nodes, over any number of links.
 *
 *     const news = gossip(router, { id: 0x40, codec: json<string>(), identity });
 *     news.in$.subscribe(({ message, origin }) => console.log(origin, message));
 *     news.publish('hello, everyone');
 *
 * @packageDocumentation
 */
export { gossip, type Gossip } from './gossip.ts';
export type { GossipSnapshot } from './board.ts';
export type { GossipCounts } from './counts.ts';
export type { Gossiped, GossipOptions, GossipRouter } from './options.ts';
export type { GossipVerdict, GossipVerdictResult } from './verdicts.ts';
