/**
 * An inspector: a page that shows what a router does. Needs Node.
 *
 *     const { url } = await inspect(router);
 *     console.log(`look inside: ${url}`);
 *
 * @packageDocumentation
 */
export {
  inspect,
  type InspectListenOptions,
  type InspectOptions,
  type Inspector,
} from './inspect.node.ts';
export type { InspectedRouter } from './sample.ts';
