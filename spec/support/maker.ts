import { createRouter, type RouterLike, type RouterOptions } from '../../lib/index.ts';
import { simulate as simulateBy, type Simulation } from '../../lib/testing/index.ts';
import type { SimulationOptions } from '../../lib/testing/simulation-options.ts';

type Make = (options: RouterOptions) => RouterLike;

let make: Make = createRouter;

/** From now on `maker` creates the nodes of the scenarios in this file. */
export function makeNodesBy(maker: Make): void {
  make = maker;
}

/** A node of the scenarios. */
export const makeRouter: Make = (options) => make(options);

/** `simulate` with nodes of the scenarios. */
export const simulate = (options: SimulationOptions): Simulation =>
  simulateBy({ ...options, makeRouter });
