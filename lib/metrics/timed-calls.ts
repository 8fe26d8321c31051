import { type Clock, Flow, type NodeId, systemClock } from '../index.ts';
import { durations, type MetricAttributes } from './meter.ts';
import type { TimedOptions } from './timed.ts';
import { whenEnded } from './when-ended.ts';

/** What middleware of `rxmesh/calls` is told about a call. */
export interface NamedCall {
  readonly method: string;
  readonly to?: NodeId;
}

/** Middleware for both sides of a method. */
export interface TimedCalls {
  readonly aroundCalls: readonly [<T>(answers: Flow<T>, call: NamedCall) => Flow<T>];
  readonly aroundHandler: readonly [<T>(answers: Flow<T>, call: NamedCall) => Flow<T>];
}

/**
 * Middleware that measures calls, by OpenTelemetry's conventions for RPC: how long they take, from
 * the subscription to the last answer, and how they end. Demand passes through.
 *
 *     calls(router, { id: 0x20, request: json(), response: json(), ...timedCalls({ meter }) });
 *
 * The names of methods are labels: those of a service are few. A call that its caller leaves
 * without an answer has the `error.type` `cancelled`.
 */
export function timedCalls({ meter, clock = systemClock }: TimedOptions): TimedCalls {
  const asked = durations(meter, 'rpc.client.call.duration', 'How long calls to peers took.');
  const served = durations(meter, 'rpc.server.call.duration', 'How long calls from peers took.');
  return {
    aroundCalls: [(answers, { method }) => timedFlow(answers, { method, clock, record: asked })],
    aroundHandler: [(answers, { method }) => timedFlow(answers, { method, clock, record: served })],
  };
}

function timedFlow<T>(
  answers: Flow<T>,
  {
    method,
    clock,
    record,
  }: {
    readonly method: string;
    readonly clock: Clock;
    readonly record: ReturnType<typeof durations>;
  },
): Flow<T> {
  // For each consumer a call of its own, and a start of its own.
  return new Flow((sink) => {
    const fromMs = clock.now();
    const end = (outcome: MetricAttributes): void =>
      record(clock.now() - fromMs, {
        'rpc.system.name': 'rxmesh',
        'rpc.method': method,
        ...outcome,
      });
    return whenEnded(answers, end).consume(sink);
  });
}
