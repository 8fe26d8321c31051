/** The worker process for one target; see `serve`. */
import { serve } from './serve.ts';
import { targetNamed } from './targets/index.ts';

await serve(targetNamed);
