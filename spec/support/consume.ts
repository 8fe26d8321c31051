import type { Demand } from '../../lib/flow/demand.ts';
import type { Flow } from '../../lib/flow/flow.ts';
import { RxmeshError } from '../../lib/model/error.ts';

/**
 * Consumes with demand, and records what arrives: values, `|`, and an error as its code or text.
 */
export function consume<T>(
  flow: Flow<T>,
  onNext: (value: T) => void = () => undefined,
): { heard: unknown[]; demand: Demand } {
  const heard: unknown[] = [];
  const demand = flow.consume({
    next: (value) => {
      heard.push(value);
      onNext(value);
    },
    error: (error) => heard.push(error instanceof RxmeshError ? error.code : String(error)),
    complete: () => heard.push('|'),
  });
  return { heard, demand };
}
