import { byHandRouter } from '../support/by-hand-router.ts';
import { makeNodesBy } from '../support/maker.ts';

// Runs the router scenarios again with nodes assembled by hand (examples/by-hand.ts).
makeNodesBy(byHandRouter);

await import('./router/accepting.spec.ts');
await import('./router/bans.spec.ts');
await import('./router/channels.spec.ts');
await import('./router/dialing.property.spec.ts');
await import('./router/dialing-back.spec.ts');
await import('./router/eviction.spec.ts');
await import('./router/network.property.spec.ts');
await import('./router/peer-errors.spec.ts');
await import('./router/routing.spec.ts');
await import('./router/sleep.spec.ts');
await import('./router/wrapper.spec.ts');
