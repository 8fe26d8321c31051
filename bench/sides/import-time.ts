/**
 * Prints how many milliseconds the given modules take to load in a new process.
 *
 *     node import-time.js rxmesh rxmesh/transports/websocket
 */
import '../contestants/node22.ts';
import process from 'node:process';

const startedAt = performance.now();
for (const specifier of process.argv.slice(2)) await import(specifier);
console.log(performance.now() - startedAt);
