import { RxmeshError } from '../index.ts';
import type { MetricAttributes } from './meter.ts';

/** The attribute `error.type`: a code, of which there are few; nothing without an error. */
export function errorType(error: unknown): MetricAttributes {
  if (error === undefined) return {};
  return { 'error.type': error instanceof RxmeshError ? error.code : '_OTHER' };
}
