/** The line between sender and receiver, in its own process. */
import type { LineOptions } from '../frame/line.ts';
import { LineProxy } from '../frame/line-proxy.ts';

let proxy: LineProxy | undefined;

/** Requests that the line handles. */
export const handlers = {
  /** Opens the line. Resolves to a port that forwards to the port `to`. */
  async open({ to, line }: { to: number; line: LineOptions }): Promise<number> {
    proxy = await LineProxy.open(to, line);
    return proxy.port;
  },

  /** Breaks all connections. */
  cut(): void {
    proxy?.cut();
  },
};
