/** Gives Node 20 what js-libp2p needs of Node 22. */
import { deferred } from '../frame/deferred.ts';

const promise = Promise as unknown as { withResolvers?: typeof deferred };
promise.withResolvers ??= deferred;
