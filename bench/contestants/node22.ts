/** Adds the Node 22 API that js-libp2p needs to Node 20. */
import { deferred } from '../frame/deferred.ts';

const promise = Promise as unknown as { withResolvers?: typeof deferred };
promise.withResolvers ??= deferred;
