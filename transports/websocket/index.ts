/**
 * The WebSocket transport, for Node and for browsers.
 *
 *     const router = createRouter({
 *       identity,
 *       network: 'demo',
 *       transports: [webSocket({ listen: { port: 4000 } })],
 *     });
 */
export { webSocket } from './websocket-transport.ts';
export type {
  WebSocketDialOptions,
  WebSocketListenOptions,
  TlsOptions,
  UpgradeServer,
  WebSocketOptions,
} from './options.ts';
