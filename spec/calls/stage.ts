import { json, type RouterEvent, RxmeshError } from 'rxmesh';
import {
  CallError,
  type Calls,
  calls,
  type MethodOptions,
  type ServiceOptions,
} from 'rxmesh/calls';
import { simulate, type Simulation } from 'rxmesh/testing';
import { Frame } from '../../lib/calls/frame.ts';
import { frameCodec } from '../../lib/calls/frame-codec.ts';

/** Numbers, both ways. */
export const codecs = { request: json<number>(), response: json<number>() };

type Options = Partial<ServiceOptions & MethodOptions<number, number>>;

/** Two nodes with a service, and what one hears of calls to the other, with the times. */
export function pair(options: Options = {}, latencyMs = 5) {
  const net = simulate({ nodes: 2, latencyMs });
  const open = (node: number): Calls<number, number> =>
    calls(net.node(node).router, { id: 7, ...codecs, ...options });
  const asking = open(0);
  const serving = open(1);
  net.start();
  return { net, asking, serving, to: net.node(1).id, from: net.node(0).id, ...listening(net) };
}

/** A frame with these fields. */
export const frame = (kind: number, call: number, fields: Partial<Frame> = {}): Frame =>
  Object.assign(new Frame(kind, call), fields);

/** A node with a service, and one that writes and reads frames by hand. */
export function byHand(options: Options = {}) {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const service: Calls<number, number> = calls(net.node(0).router, {
    id: 7,
    ...codecs,
    ...options,
  });
  const channel = net.node(1).router.openChannel<Frame>({ id: 7, codec: frameCodec });
  const frames: Frame[] = [];
  channel.in$.subscribe(({ message }) => frames.push(message));
  net.start();
  const send = (message: Frame): void => channel.out.next({ to: net.node(0).id, message });
  const events = (type: RouterEvent['type']): unknown[] =>
    net.log
      .filter(({ node, event }) => node === 0 && event.type === type)
      .map(({ event }) => event);
  return { net, service, send, frames, events, to: net.node(1).id, ...listening(net) };
}

/** What is heard, with the times since now. */
export function listening(net: Simulation) {
  const startMs = net.now();
  const heard: string[] = [];
  const note = (what: unknown): void => void heard.push(`${net.now() - startMs}: ${String(what)}`);
  const told = (error: unknown): string => {
    if (error instanceof CallError) return `${error.code} "${error.reason}" ${error.message}`;
    return error instanceof RxmeshError ? error.code : String(error);
  };
  const observer = {
    next: note,
    error: (error: unknown) => note(told(error)),
    complete: () => note('|'),
  };
  return { heard, note, observer, told };
}

/** 0, 1, 2 … */
export const upTo = (count: number): Iterable<number> => Array.from({ length: count }, (_, i) => i);

/** The counts of a service without calls. */
export const idle = { asking: 0, serving: 0, dropped: 0 };
