import { assertPlatform } from '../model/assert-platform.ts';
import { checkedOptions, type RouterOptions } from './options.ts';
import { Router } from './router.ts';

/**
 * Creates a router, which does nothing until `start`.
 *
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`: one error that names every wrong option;
 *   `RXMESH_PLATFORM_UNSUPPORTED`: the runtime lacks something that rxmesh needs
 */
export function createRouter(options: RouterOptions): Router {
  assertPlatform();
  return new Router(checkedOptions(options));
}
