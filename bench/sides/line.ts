/** A line between the two other sides, in a process of its own. */
import type { LineOptions } from '../frame/line.ts';
import { LineProxy } from '../frame/line-proxy.ts';

let proxy: LineProxy | undefined;

/** What the line does when asked. */
export const handlers = {
  /** Resolves to a port that leads to the port `to`. */
  async open({ to, line }: { to: number; line: LineOptions }): Promise<number> {
    proxy = await LineProxy.open(to, line);
    return proxy.port;
  },

  /** Breaks all connections. */
  cut(): void {
    proxy?.cut();
  },
};
