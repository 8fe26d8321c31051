/**
 * Prints how many milliseconds the modules that are named take to load, in a process that has
 * loaded nothing else of them.
 *
 *     node import-time.js rxmesh rxmesh/transports/websocket
 */
import '../contestants/node22.ts';
import process from 'node:process';

const startedAt = performance.now();
for (const specifier of process.argv.slice(2)) await import(specifier);
console.log(performance.now() - startedAt);
