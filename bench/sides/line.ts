/** The line between sender and receiver, in its own process. */
import { TcpLine, type LineOptions } from 'rxmesh/testing/tcp';

let tcpLine: TcpLine | undefined;

/** Requests that the line handles. */
export const handlers = {
  /** Opens the line. Resolves to a port that forwards to the port `to`. */
  async open({ to, line }: { to: number; line: LineOptions }): Promise<number> {
    tcpLine = await TcpLine.open(to, line);
    return tcpLine.port;
  },

  /** Breaks all connections. */
  cut(): void {
    tcpLine?.cut();
  },
};
