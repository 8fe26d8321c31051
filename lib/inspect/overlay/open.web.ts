import { type NodeId, systemClock, type Transport } from '../../index.ts';
import { checkArgument, checkOptions } from '../../model/check-options.ts';
import { PortTransport } from '../../../transports/message-port/index.ts';
import { InspectorLink } from '../link.ts';
import type { InspectedRouter } from '../sample.ts';
import { answerInspectors, type AnswerOptions, lookingOptions } from './answers.web.ts';
import { type InspectorLine, portAddress } from './port.web.ts';

/** Options of `openInspector` for a router in this page. A line takes none. */
export type OverlayOptions = Omit<AnswerOptions, 'origins'>;

/** An inspector over a page. */
export interface Overlay {
  /** Resolves when it has closed, whether by the user or by `close`. */
  readonly closed: Promise<void>;
  /** Takes it off the page. Calling it again does nothing. */
  close(): Promise<void>;
}

/** Those that are open. */
const open = new Map<InspectedRouter | InspectorLine, Promise<Overlay>>();

/**
 * Opens the inspector over this page, until its user presses Escape or _Close_. Opening it twice
 * gives the same one.
 *
 *     const overlay = await openInspector(router);
 *
 * @param target the router to inspect, or a line to one in another window, frame or worker
 * @throws {TypeError} if the target or an option is wrong
 */
export function openInspector(
  target: InspectedRouter | InspectorLine,
  options: OverlayOptions = {},
): Promise<Overlay> {
  const known = open.get(target);
  if (known !== undefined) return known;
  const opening = opened(target, options);
  open.set(target, opening);
  opening.catch(() => {
    if (open.get(target) === opening) open.delete(target);
  });
  return opening;
}

async function opened(
  target: InspectedRouter | InspectorLine,
  options: OverlayOptions,
): Promise<Overlay> {
  checkArgument('openInspector', 'target', target, aTarget);
  const isLine = typeof target === 'function';
  // What is at the other end of a line has options of its own.
  checkOptions<object>('openInspector', options, isLine ? {} : lookingOptions);
  // Loaded when it is asked for: it is larger than all the rest.
  const { overlayView } = await import('#inspect-overlay');
  const answers = isLine ? undefined : await answerInspectors(target, options);
  const line: InspectorLine = isLine ? target : (port) => answers?.accept(port);
  let onClosed: (() => void) | undefined;
  const gone = new Promise<void>((resolve) => (onClosed = resolve));
  const view = overlayView({
    command: async (command) => (await linked).command(command),
    onClosed: () => {
      // It may be opened again now, while this one still says goodbye.
      open.delete(target);
      onClosed?.();
    },
  });
  const transport = (id: NodeId): Transport =>
    new PortTransport({ id, clock: systemClock, open: () => callOn(line) });
  const linked = InspectorLink.open({ address: portAddress(), transport }, view.handlers);
  const closed = gone.then(async () => {
    await Promise.allSettled([linked.then((link) => link.close()), answers?.close()]);
  });
  const close = (): Promise<void> => {
    view.remove();
    return closed;
  };
  try {
    await linked;
  } catch (error) {
    await close();
    throw error;
  }
  return { closed, close };
}

function callOn(line: InspectorLine): MessagePort {
  const { port1, port2 } = new MessageChannel();
  line(port2);
  return port1;
}

const aTarget = {
  what: 'a router, or a function that hands a port on',
  accepts: (value: unknown): boolean =>
    typeof value === 'function' ||
    (typeof value === 'object' && value !== null && 'snapshot' in value && 'events$' in value),
};
