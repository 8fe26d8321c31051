import { bodyFor, encode } from '../contestants/item.ts';
import { acceptPeers, answer, connectPeer, ping } from '../contestants/rsocket.ts';
import type { RpcContestant } from './contestant.ts';

/** `requestResponse` of rsocket-js, over TCP, unencrypted. */
export const rsocket: RpcContestant = {
  name: 'rsocket-js',

  async serve() {
    return String(await acceptPeers(() => ({ requestResponse: answer })));
  },

  async connect(address) {
    const peer = await connectPeer(Number(address), []);
    const item = { seq: 7, body: bodyFor(64) };
    return (answered) => void ping(peer, encode(item)).then(answered);
  },
};
