/** Adds the APIs of Node 22 that js-libp2p needs to Node 20. Import it before libp2p. */
import { WebSocket } from 'ws';

const promise = Promise as unknown as { withResolvers?: () => object };

promise.withResolvers ??= () => {
  let settle = {};
  const made = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise: made, ...settle };
};

const platform = globalThis as unknown as { WebSocket?: unknown };

platform.WebSocket ??= WebSocket;
