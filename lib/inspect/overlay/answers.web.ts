import { aClock } from '../../flow/clock.ts';
import { type Clock, systemClock } from '../../index.ts';
import { checkOptions, oneOf, type OptionKinds } from '../../model/check-options.ts';
import { type PortLike, PortTransport } from '../../../transports/message-port/index.ts';
import type { InspectedRouter } from '../sample.ts';
import { InspectService } from '../service.ts';
import { isPortRequest, portIdentity } from './port.web.ts';

/** Options of `answerInspectors`. */
export interface AnswerOptions {
  /**
   * The origins whose pages may inspect this router from their windows, such as
   * `['https://tools.example']`. Default: none, so that only `accept` lets an inspector in.
   */
  readonly origins?: readonly string[];
  /**
   * Whether inspectors may only look, or also dial, disconnect and ban peers and change limits.
   * Default `'read'`.
   */
  readonly allow?: 'read' | 'control';
  /** Default: the system clock. Give the router's, if it has another. */
  readonly clock?: Clock;
}

/** Connects inspectors to a router until it is closed. */
export interface InspectorAnswers {
  /** Accepts the inspector at the other end of this port, for workers and custom connections. */
  accept(port: PortLike): void;
  /** Disconnects all inspectors, and lets none in. It also closes when the router stops. */
  close(): Promise<void>;
}

/**
 * Lets inspectors in other windows, frames and threads inspect a router in this page or worker.
 * Each comes with a `MessagePort`: through `accept`, or with a message of a window whose origin is
 * in `origins`. A window of another origin is refused.
 *
 *     await answerInspectors(router, { origins: ['https://tools.example'] });
 *
 * @throws {TypeError} if an option is wrong
 */
export async function answerInspectors(
  router: InspectedRouter,
  options: AnswerOptions = {},
): Promise<InspectorAnswers> {
  checkOptions('answerInspectors', options, { origins: anOriginList, ...lookingOptions });
  const { origins = [], allow = 'read', clock = systemClock } = options;
  const identity = portIdentity();
  const transport = new PortTransport({ id: identity.id, clock });
  // A page does not know its processor time.
  const workMs = (): number => clock.now();
  const service = new InspectService(router, { identity, transport, allow, clock, workMs });
  await service.start();
  const onMessage = (event: MessageEvent): void => answer(event, origins, transport);
  if (origins.length > 0) addEventListener('message', onMessage);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    removeEventListener('message', onMessage);
    closed ??= service.close();
    return closed;
  };
  router.events$.subscribe({ complete: () => void close() });
  return { accept: (port) => transport.accept(port), close };
}

/** Answers a window that asks for the inspector; leaves all other messages to the page. */
function answer(
  { data, origin, ports }: MessageEvent,
  origins: readonly string[],
  transport: PortTransport,
): void {
  const [port] = ports;
  if (!isPortRequest(data) || port === undefined) return;
  if (origins.includes(origin)) {
    transport.accept(port);
  } else {
    port.postMessage(`this page lets no inspector of ${origin} in: see the option origins`);
    port.close();
  }
}

/** The options of every way to look. */
export const lookingOptions: OptionKinds<Omit<AnswerOptions, 'origins'>> = {
  allow: oneOf('read', 'control'),
  clock: aClock,
};

const anOriginList = {
  what: "a list of origins, such as ['https://tools.example']",
  accepts: (value: unknown): boolean => Array.isArray(value) && value.every(isOrigin),
};

/** `null`, the origin of any page that hides its own, is none to let in, and neither is `*`. */
function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/?#@*\sA-Z]+$/.test(value);
}
