import type { Ports } from './ports.ts';
import type { Pump } from './pump.ts';

/**
 * The end of a session that ends well: the peer stops sending on channels that are consumed here,
 * and both sides take what is on its way.
 */
export class Draining {
  readonly #ports: Ports;
  readonly #pump: Pump;
  #isRunning = false;
  #hasAnswered = (): boolean => true;

  constructor(ports: Ports, pump: Pump) {
    this.#ports = ports;
    this.#pump = pump;
  }

  /** Asks the peer to stop sending. */
  begin(): void {
    if (!this.#ports.all.some(({ end }) => end?.isConsumed === true)) return;
    this.#isRunning = true;
    for (const port of this.#ports.all) port.stopReceiving(() => this.#pump.close(port.channel));
    // The peer's answer arrives behind everything it sent before it received the request.
    this.#hasAnswered = this.#pump.askIfRead();
  }

  /** Lets the peer send again. */
  end(): void {
    this.#isRunning = false;
    for (const port of this.#ports.all) port.resumeReceiving();
    this.#hasAnswered = () => true;
  }

  /** Whether everything sent has been written and, after `begin`, everything received consumed. */
  get isDone(): boolean {
    const { all } = this.#ports;
    if (!all.every((port) => port.outbox.idle)) return false;
    return this.#hasAnswered() && all.every((port) => !this.#isRunning || port.isConsumed);
  }
}
